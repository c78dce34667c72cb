using System.Diagnostics;
using System.Net;
using System.Text;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.AppHost;

/// <summary>What <c>make run</c> promises, on real processes.</summary>
public sealed class LocalModeTests
{
    private const string Order =
        """{"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "order-123"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stop_leaves_no_process_and_the_next_start_finds_keys_and_payments_again()
    {
        await using var first = await RunningKobbopay.StartAsync();
        File.GetUnixFileMode(first.DemoFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var before = await File.ReadAllLinesAsync(first.DemoFile, Token);
        var created = await CreateAsync(first);
        var processes = ProcessTree.Below(first.ProcessId);
        processes.Count.Should().BeGreaterThan(6);

        (await first.StopAsync()).Code.Should().Be(0);

        ProcessTree.StillRunning(processes).Should().BeEmpty();
        first.Lines.Where(line => line.EndsWith(" stopped", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[^2])
            .Should().HaveCount(7).And.StartWith("gateway").And.EndWith(["messaging", "postgres", "anvil"])
            .And.ContainInOrder("payments", "messaging");

        await using var second = await RunningKobbopay.StartAsync(first.Folder);
        (await File.ReadAllLinesAsync(second.DemoFile, Token)).Skip(2).Should().Equal(before.Skip(2));
        (await CreateAsync(second)).Should().Be(created, because: "the order's open payment is answered again");
    }

    [Fact]
    public async Task A_folder_runs_once_and_another_runs_beside_it_until_one_of_its_parts_dies()
    {
        await using var first = await RunningKobbopay.StartAsync();

        await using (var refused = await RunningKobbopay.LaunchAsync(first.Folder))
        {
            (await refused.Exited).Code.Should().Be(1);
            refused.Lines.Should().ContainSingle().Which.Should().Contain($"already, at {first.Url.OriginalString} ");
        }

        await using var beside = await RunningKobbopay.StartAsync();
        beside.ApiKey.Should().NotBe(first.ApiKey);
        var processes = ProcessTree.Below(beside.ProcessId);
        using (var webhooks = Process.GetProcessById(beside.ProcessOf("webhooks")))
            webhooks.Kill();

        (await beside.Exited).Code.Should().Be(1);
        ProcessTree.StillRunning(processes).Should().BeEmpty();
        beside.Lines.Should().ContainSingle(line => line.Contains("webhooks ended by itself (ended by signal 9)"));
        (await CreateAsync(first)).Should().StartWith("pay_");

        // An AppHost that is killed can stop nothing: the kernel does.
        var left = ProcessTree.Below(first.ProcessId);
        using (var appHost = Process.GetProcessById(first.ProcessId))
            appHost.Kill();
        await Eventually.SeeAsync(() => ProcessTree.StillRunning(left), running => running.Count == 0);
    }

    [Fact]
    public async Task A_part_that_cannot_start_is_named_and_whatever_runs_is_stopped()
    {
        var folder = Servers.NewFolder("broken");
        // The cluster is of a version that no Debian will ever have.
        var data = Directory.CreateDirectory(Path.Combine(folder, ".kobbopay", "postgres", "data"));
        await File.WriteAllTextAsync(Path.Combine(data.FullName, "PG_VERSION"), "9000\n", Token);

        await using var kobbopay = await RunningKobbopay.LaunchAsync(folder);

        (await kobbopay.Exited).Code.Should().Be(1);
        kobbopay.Lines.Should().Contain(line => line.Contains("is of PostgreSQL 9000, which is not installed"));
    }

    private static async Task<string> CreateAsync(RunningKobbopay kobbopay)
    {
        using var merchant = kobbopay.Merchant();
        using var content = new StringContent(Order, Encoding.UTF8, "application/json");
        using var response = await merchant.PostAsync(new Uri("/v1/payments", UriKind.Relative), content, Token);
        var body = await response.Content.ReadAsStringAsync(Token);
        response.StatusCode.Should().BeOneOf([HttpStatusCode.Created, HttpStatusCode.OK], because: body);
        using var payment = System.Text.Json.JsonDocument.Parse(body);
        return payment.RootElement.GetProperty("payment_id").GetString()!;
    }
}
