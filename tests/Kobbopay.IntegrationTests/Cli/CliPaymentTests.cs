using Kobbopay.IntegrationTests.Sdk;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Cli;

/// <summary>The tool's payments against all services.</summary>
public sealed class CliPaymentTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>, IDisposable
{
    private static readonly string[] Order =
        ["payments", "create", "--amount", "10.5", "--currency", "USDT", "--network", "example-network", "--order-id"];

    private readonly KobboTool _kobbo = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Url => system.Http.BaseAddress!.ToString();

    public void Dispose() => _kobbo.Dispose();

    [Fact]
    public async Task A_key_from_standard_input_is_kept_privately_and_payments_are_created_found_and_canceled()
    {
        var merchant = await system.AddMerchantAsync();
        var all = new List<KobboEnd>();
        async Task<KobboEnd> RunAsync(params string[] arguments)
        {
            all.Add((await _kobbo.RunAsync(arguments)).Should(0));
            return all[^1];
        }

        all.Add((await _kobbo.RunWithAsync(merchant.TestKey + "\n", "login", "--url", Url, "--key-stdin")).Should(0));
        all[0].Output.Should().Contain("Whole Shop (test)").And.Contain(_kobbo.ConfigFile);
        File.GetUnixFileMode(_kobbo.ConfigFile).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(Path.GetDirectoryName(_kobbo.ConfigFile)!).Should().Be(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        var created = (await RunAsync([.. Order, "order-1", "--metadata", "cart=7", "--json"])).Json;
        var id = created.GetProperty("payment_id").GetString()!;
        // The interface's own document, whole.
        var read = await system.SendAsync(HttpMethod.Get, $"/v1/payments/{id}", merchant.TestKey);
        created.GetRawText().Should().Be(read.Body);
        (await RunAsync([.. Order, "order-1"])).Error.Should().Contain("there already");
        var list = await RunAsync("payments", "list", "--order-id", "order-1", "--metadata", "cart=7", "--json");
        list.Json.GetProperty("data")[0].GetRawText().Should().Be(read.Body);
        (await RunAsync("payments", "get", id)).Output.Should().Contain("10.5 USDT on example-network")
            .And.Contain("0 of 3 confirmations").And.Contain("/pay/pst_");
        (await RunAsync("payments", "list")).Output.Should().Contain(id);
        (await RunAsync("open", id)).Output.Trim().Should().Be(created.GetProperty("publicStatusUrl").GetString());
        (await RunAsync("rails")).Output.Should().Contain("example-network");
        (await RunAsync("payments", "cancel", id)).Output.Should().Contain("Canceled");
        (await RunAsync("logout")).Output.Should().Contain("forgotten");

        all.Should().OnlyContain(one => !(one.Output + one.Error).Contains(merchant.TestKey));
        (await _kobbo.RunAsync("payments", "list")).Should(3).Error.Should().Contain("Next: kobbo login");
    }

    [Fact]
    public async Task A_payment_is_watched_from_pending_over_its_confirmations_to_confirmed()
    {
        await LogInAsync();
        var id = (await _kobbo.RunAsync([.. Order, "order-1", "--json"])).Should(0).Json
            .GetProperty("payment_id").GetString()!;
        await using var json = _kobbo.Start("payments", "watch", id, "--json");
        await using var watch = _kobbo.Start("payments", "watch", id);
        await Eventually.TrueAsync(() => watch.Lines.Count == 1 && json.Lines.Count == 1);
        watch.CommandLine.Should().Contain("watch").And.NotContain("kp_test_");

        (await _kobbo.RunAsync("pay", id, "--amount", "4")).Should(0).Output.Should().Contain("4 USDT");
        await Eventually.TrueAsync(() => watch.Lines[^1].Contains("6.5 missing", StringComparison.Ordinal));
        (await _kobbo.RunAsync("pay", id)).Should(0);
        await Eventually.TrueAsync(() => watch.Lines[^1].Contains("Paid, 1 of 3", StringComparison.Ordinal));
        (await _kobbo.RunAsync("sandbox", "mine")).Should(0);
        await Eventually.TrueAsync(() => watch.Lines[^1].Contains("Paid, 2 of 3", StringComparison.Ordinal));
        (await _kobbo.RunAsync("sandbox", "mine", "example-network", "--json")).Should(0);

        (await watch.EndAsync()).Should().Be(0);
        (await json.EndAsync()).Should().Be(0);
        watch.Lines[0].Should().Contain("Pending, 0 of 3");
        watch.Lines[^1].Should().Contain("Confirmed, 3 of 3");
        var last = System.Text.Json.JsonElement.Parse(json.Lines[^1]);
        last.GetProperty("status").GetString().Should().Be("Confirmed");
        last.GetProperty("payment_id").GetString().Should().Be(id);
    }

    [Fact]
    public async Task A_scenario_is_played_and_followed_to_its_end()
    {
        await LogInAsync();

        var played = (await _kobbo.RunAsync("scenario", "underpaid_then_topup", "--amount", "7", "--json")).Should(0);

        played.JsonLines[^1].GetProperty("status").GetString().Should().Be("Confirmed");
        played.JsonLines[^1].GetProperty("amount").GetString().Should().Be("7");
        (await _kobbo.RunAsync("scenario", "reorg_after_paid")).Should(0).Output.TrimEnd().Split('\n')[^1]
            .Should().Contain("Pending, 0 of 3");
    }

    [Fact]
    public async Task A_live_key_is_shown_as_live_and_kept_out_of_the_sandbox()
    {
        var merchant = await system.AddMerchantAsync();
        var login = (await _kobbo.RunWithAsync(merchant.LiveKey, "login", "--url", Url, "--key-stdin")).Should(0);
        login.Output.Should().Contain("(LIVE)");

        foreach (var command in (string[][])[["scenario", "paid"], ["sandbox", "mine"], ["pay", "pay_1"], ["certify"]])
        {
            var end = (await _kobbo.RunAsync(command)).Should(1);
            end.Error.Should().Contain("LIVE").And.Contain("Next: log in with a test key");
        }
    }

    [Fact]
    public async Task Refusals_end_with_their_code_the_request_and_what_to_do_next()
    {
        var merchant = await LogInAsync();

        var rail = (await _kobbo.RunAsync(
            "payments", "create", "--amount", "1", "--currency", "XYZ", "--network", "x", "--order-id", "o")).Should(1);
        rail.Error.Should().Contain("unsupported_rail").And.Contain("req_").And.Contain("Next: ")
            .And.Contain("kobbo rails");
        rail.Output.Should().BeEmpty();
        var json = (await _kobbo.RunAsync("payments", "get", "pay_00000000000000000000000000", "--json")).Should(1);
        json.Output.Should().BeEmpty();
        var error = System.Text.Json.JsonElement.Parse(json.Error);
        error.GetProperty("code").GetString().Should().Be("not_found");
        error.GetProperty("next").GetString().Should().NotBeNullOrEmpty();

        var client = SdkMerchant.ClientOf(system, merchant.TestKey);
        var key = await client.ApiKeys.ListAsync(cancellationToken: Token).FirstAsync(Token);
        await client.ApiKeys.RevokeAsync(key.Id, Token);
        var refused = await Eventually.GetAsync(() => _kobbo.RunAsync("payments", "list"), end => end.Code != 0);
        refused.Should(3).Error.Should().Contain("invalid_api_key").And.Contain("Next: ").And.Contain("kobbo login")
            .And.NotContain(merchant.TestKey);
    }

    [Fact]
    public async Task A_gateway_that_is_down_is_told_as_such_and_the_environment_wins_over_the_file()
    {
        await LogInAsync();
        var nowhere = $"http://127.0.0.1:{LoopbackPorts.Free(1)[0]}";

        // A stored key does not follow a variable elsewhere.
        _kobbo.Set("KOBBOPAY_URL", nowhere);
        (await _kobbo.RunAsync("payments", "list")).Should(3).Error.Should().Contain("is not sent there");
        _kobbo.Set("KOBBOPAY_API_KEY", "kp_test_1234567890abcdefgh");
        var down = (await _kobbo.RunAsync("payments", "list")).Should(4);
        down.Error.Should().Contain($"{nowhere}/ is not reached").And.Contain("Next: ")
            .And.NotContain("1234567890").And.NotContain("   at ");
        (await _kobbo.RunAsync("login")).Should(4);
        _kobbo.Set("KOBBOPAY_URL", Url);
        (await _kobbo.RunAsync("payments", "list")).Should(3);
    }

    private async Task<WholeMerchant> LogInAsync()
    {
        var merchant = await system.AddMerchantAsync();
        (await _kobbo.RunWithAsync(merchant.TestKey, "login", "--url", Url, "--key-stdin")).Should(0);
        return merchant;
    }
}
