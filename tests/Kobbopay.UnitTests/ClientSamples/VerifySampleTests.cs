using System.Diagnostics;
using System.Text;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.ClientSamples;

/// <summary>
/// The verifiers of docs/webhooks.md, as processes, each where this machine has its runtime; the two receivers are
/// <see cref="ReceiverSampleTests"/>'.
/// </summary>
public sealed class VerifySampleTests
{
    private const string Old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private const string New = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private const string Mismatch = "the header webhook-signature is missing or matches none of the secrets";
    private const string Stale = "the header webhook-timestamp is more than 300 s away from this clock";

    private static readonly Language[] All =
    [
        new("Python", "verify.py", "python3"),
        new("PHP", "verify.php", "php"),
        new("Go", "verify.go", "go", "run"),
        new("Java", "Verify.java", "java"),
    ];

    /// <summary>What <c>make test</c> brings along where it is missing.</summary>
    private static readonly string[] Installed = ["Python", "PHP"];

    /// <summary>Not the bytes that a parser would print again.</summary>
    private static readonly byte[] Body = Encoding.UTF8.GetBytes("""{ "id": "evt_1", "orderId": "order-€" }""");

    public static TheoryData<string> Here => [.. All.Where(IsHere).Select(language => language.Name)];

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public void Python_and_PHP_are_here_and_what_is_not_is_said()
    {
        foreach (var language in All.Where(language => !IsHere(language)))
            TestContext.Current.AddWarning($"{language.Name} is not on this machine: its verifier was not run.");

        Here.Select(row => row.Data).Should().Contain(Installed);
    }

    [Theory]
    [MemberData(nameof(Here))]
    public async Task What_is_signed_verifies_and_nothing_else_does(string name)
    {
        var language = All.Single(language => language.Name == name);
        var signed = WebhookSignature.Sign("evt_1", Now, Body, Old);
        byte[] tampered = [.. Body];
        tampered[^4]++;
        var otherId = With(signed, WebhookHeaders.StandardId, "evt_2");

        (await language.RunAsync(Old, signed, Body)).Should().Be("verified");
        (await language.RunAsync(New, signed, Body)).Should().Be($"refused: {Mismatch}");
        (await language.RunAsync(Old, signed, tampered)).Should().Be($"refused: {Mismatch}");
        (await language.RunAsync(Old, otherId, Body)).Should().Be($"refused: {Mismatch}");
        foreach (var seconds in new[] { -330, 330 })
        {
            var elsewhen = WebhookSignature.Sign("evt_1", Now.AddSeconds(seconds), Body, Old);
            (await language.RunAsync(Old, elsewhen, Body)).Should().Be($"refused: {Stale}");
        }
    }

    [Theory]
    [MemberData(nameof(Here))]
    public async Task What_is_missing_or_malformed_is_named(string name)
    {
        var language = All.Single(language => language.Name == name);
        var signed = WebhookSignature.Sign("evt_1", Now, Body, Old);

        (await language.RunAsync(Old, Without(signed, WebhookHeaders.StandardSignature), Body))
            .Should().Be($"refused: {Mismatch}");
        (await language.RunAsync(Old, With(signed, WebhookHeaders.StandardSignature, "v1, v1,abc"), Body))
            .Should().Be($"refused: {Mismatch}");
        (await language.RunAsync(Old, Without(signed, WebhookHeaders.StandardId), Body))
            .Should().Be("refused: the header webhook-id is missing or malformed");
        (await language.RunAsync(Old, With(signed, WebhookHeaders.StandardTimestamp, "1e9"), Body))
            .Should().Be("refused: the header webhook-timestamp is missing or not a number of unix seconds");
        (await language.RunAsync(Old, signed, "[]"u8.ToArray()))
            .Should().Be("refused: the body does not begin with {, as every signed body does");
    }

    [Theory]
    [MemberData(nameof(Here))]
    public async Task During_a_rotation_the_old_secret_the_new_one_or_both_verify(string name)
    {
        var language = All.Single(language => language.Name == name);
        var signed = WebhookSignature.Sign("evt_1", Now, Body, Old, New);

        foreach (var secrets in new[] { Old, New, $"{Old},{New}", $"{WebhookSecret.Create()},{New}" })
            (await language.RunAsync(secrets, signed, Body)).Should().Be("verified");
    }

    private static bool IsHere(Language language) => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Any(folder => System.IO.File.Exists(Path.Combine(folder, language.Program)));

    private static KeyValuePair<string, string>[] Without(
        IEnumerable<KeyValuePair<string, string>> headers, string name) =>
        [.. headers.Where(header => header.Key != name)];

    private static KeyValuePair<string, string>[] With(
        IEnumerable<KeyValuePair<string, string>> headers, string name, string value) =>
        [.. Without(headers, name), new(name, value)];

    private sealed record Language(string Name, string File, string Program, params string[] Arguments)
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

        /// <summary>What it says last, on whichever output.</summary>
        public async Task<string> RunAsync(
            string secrets, IEnumerable<KeyValuePair<string, string>> headers, byte[] body)
        {
            using var limited = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limited.CancelAfter(Patience);
            var sample = Path.Combine(SampleProcess.Repository, "samples", "verify", File);
            using var process = Process.Start(new ProcessStartInfo(
                Program, [.. Arguments, sample, .. headers.Select(header => $"{header.Key}: {header.Value}")])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["KOBBOPAY_WEBHOOK_SECRET"] = secrets },
            })!;
            await process.StandardInput.BaseStream.WriteAsync(body, limited.Token);
            process.StandardInput.Close();
            var said = process.StandardOutput.ReadToEndAsync(limited.Token);
            var complaint = await process.StandardError.ReadToEndAsync(limited.Token);
            await process.WaitForExitAsync(limited.Token);
            (process.ExitCode == 0).Should().Be(complaint.Length == 0, complaint);
            return (await said + complaint).Split('\n')[0];
        }
    }
}
