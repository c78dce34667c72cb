using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>What docs/cli.md and the README show of <c>kobbo</c>, run as it stands there.</summary>
public sealed class CommandLineTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private static readonly string Assembly = Checkout.Built("Kobbopay.Cli", "kobbo.dll");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Folder => system.Kobbopay.Folder;

    [Fact]
    public async Task The_examples_of_the_page_work_as_written()
    {
        using var shop = new Shop(system);
        await shop.CreateAsync("before-cli");
        await CaptureAsync((await system.Receiver.ReceiveAsync(1))[^1]);
        var before = $"""
            export HOME="$PWD/home" XDG_CONFIG_HOME="$PWD/home/.config"
            unset KOBBOPAY_WEBHOOK_SECRET
            mkdir -p bin
            printf '#!/bin/sh\nexec dotnet %s "$@"\n' '{Assembly}' > bin/kobbo
            chmod +x bin/kobbo
            PATH="$PWD/bin:$PATH"
            """;
        var script = string.Join('\n', ShellExamples.BlocksOf(ShellExamples.Page("docs/cli.md")).Prepend(before));

        await using var shell = await ShellExamples.StartAsync(system.Kobbopay, "bash", "-eu", "-c", script);
        var exit = await shell.Process.Exited.WaitAsync(Patience, Token);

        exit.Code.Should().Be(0, exit.Tail);
        var output = string.Join('\n', shell.Lines);
        foreach (var part in (string[])
        [
            "Logged in to", "10.5 USDT on example-network", "Confirmed, 3 of 3", "/pay/pst_", "never_paid",
            "payment.confirmed evt_", " resend delivered: 200", "webhook-signature", "valid", "is not certified",
            "Next: follow the advice", "is forgotten here",
        ])
        {
            output.Should().Contain(part);
        }

        output.Should().NotContain(system.Kobbopay.ApiKey).And.NotContain(system.Kobbopay.WebhookSecret);
        File.GetUnixFileMode(Path.Combine(Folder, "home", ".config", "kobbo", "config.json"))
            .Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task The_commands_of_the_README_work_as_written()
    {
        var readme = ShellExamples.Page("README.md");
        var section = readme[readme.IndexOf("## The command line", StringComparison.Ordinal)..];
        var blocks = ShellExamples.BlocksOf(section[..section.IndexOf("\n## ", 3, StringComparison.Ordinal)]);
        blocks.Should().ContainSingle();
        // What dotnet run would build is built already.
        var before = $$"""
            export XDG_CONFIG_HOME="$PWD/readme"
            dotnet() {
              test "$1 $2 $3 $4 $5 $6 $7 $8" = "run --project src/Kobbopay.Cli -c Release -v quiet --"
              shift 8
              command dotnet '{{Assembly}}' "$@"
            }
            """;

        await using var shell = await ShellExamples.StartAsync(
            system.Kobbopay, "bash", "-eu", "-c", $"{before}\n{blocks[0]}");
        var exit = await shell.Process.Exited.WaitAsync(Patience, Token);

        exit.Code.Should().Be(0, exit.Tail);
        string.Join('\n', shell.Lines).Should().Contain("Confirmed (over), 3 of 3").And.Contain("succeeded");
    }

    /// <summary>As a receiver would write it down.</summary>
    private async Task CaptureAsync(ReceivedWebhook request)
    {
        var head = "POST /webhooks HTTP/1.1\r\n"
            + string.Concat(request.Headers.Select(one => $"{one.Key}: {one.Value}\r\n")) + "\r\n";
        byte[] whole = [.. System.Text.Encoding.UTF8.GetBytes(head), .. request.Body];
        await File.WriteAllBytesAsync(Path.Combine(Folder, "request.http"), whole, Token);
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "webhook-secret"), system.Kobbopay.WebhookSecret + "\n", Token);
    }
}
