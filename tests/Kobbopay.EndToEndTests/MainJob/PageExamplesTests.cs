using System.Text.RegularExpressions;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>The examples of the pages for merchants' engineers: each request is answered with success.</summary>
public sealed partial class PageExamplesTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>
    /// curl fails on a refusal, and ends each answer with a line of its status. The one request that never ends (-N) is
    /// cut after a while, which is no failure.
    /// </summary>
    private const string Before = """
        . .kobbopay/demo.env
        curl() {
          case " $* " in
            *" -sSN "*) command curl --fail-with-body --max-time 3 -w '\nHTTP %{http_code}\n' "$@" || test $? = 28 ;;
            *) command curl --fail-with-body -w '\nHTTP %{http_code}\n' "$@" ;;
          esac
        }
        """;

    [Theory]
    [InlineData("docs/quickstart.md", "whsec_", "webhook.test", "\"status\":\"Confirmed\"", "\"status\":\"succeeded\"")]
    [InlineData("docs/sandbox.md", "\"mode\":\"delay\"", "\"offsetSeconds\":3700", "\"payment_id\":\"pay_")]
    [InlineData("docs/events.md", "\"latestSequence\":", "event: payment.created", "\"type\":\"payment.created\"")]
    [InlineData("docs/public-status.md", "\"guidance\":\"Envoyez exactement 10.5 USDT", "event: status")]
    [InlineData("docs/reconciliation.md", "HTTP 200")]
    [InlineData("docs/access.md", "kp_test_", "\"whsec_", "\"intact\":true")]
    public async Task The_examples_of_a_page_work_as_written(string page, params string[] parts)
    {
        using var shop = new Shop(system);
        await shop.CreateAsync($"before-{Path.GetFileNameWithoutExtension(page)}");
        await shop.CreateAsync($"again-{Path.GetFileNameWithoutExtension(page)}");
        var script = string.Join('\n', ShellExamples.BlocksOf(ShellExamples.Page(page)).Prepend(Before));

        await using var shell = await ShellExamples.StartAsync(system.Kobbopay, "bash", "-eu", "-c", script);
        var exit = await shell.Process.Exited.WaitAsync(Patience, TestContext.Current.CancellationToken);

        exit.Code.Should().Be(0, exit.Tail);
        var output = string.Join('\n', shell.Lines);
        foreach (var part in parts)
            output.Should().Contain(part);
        // A request within $( ) has its status cut away with the rest of its answer.
        shell.Lines.Count(line => line.StartsWith("HTTP 2", StringComparison.Ordinal))
            .Should().Be(Request().Count(script[Before.Length..]));
    }

    [GeneratedRegex("^curl ", RegexOptions.Multiline, 1000)]
    private static partial Regex Request();
}
