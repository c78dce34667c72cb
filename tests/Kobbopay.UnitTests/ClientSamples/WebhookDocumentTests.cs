using System.Text.RegularExpressions;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.ClientSamples;

/// <summary>
/// The examples of docs/webhooks.md are the marked part of the samples, which <see cref="ReceiverSampleTests"/> and
/// <see cref="VerifySampleTests"/> run, and its figures are what the code gives.
/// </summary>
public sealed partial class WebhookDocumentTests
{
    private static readonly string Document =
        File.ReadAllText(Path.Combine(SampleProcess.Repository, "docs", "webhooks.md"));

    [Theory]
    [InlineData("samples/receiver-csharp/Program.cs", "verify")]
    [InlineData("samples/receiver-csharp/Program.cs", "helper")]
    [InlineData("samples/receiver-node/receiver.mjs", "verify")]
    [InlineData("samples/verify/verify.py", "verify")]
    [InlineData("samples/verify/verify.php", "verify")]
    [InlineData("samples/verify/verify.go", "verify")]
    [InlineData("samples/verify/Verify.java", "verify")]
    public void Each_example_is_the_code_of_the_sample_that_it_names(string sample, string mark)
    {
        var example = Example().Matches(Document).Single(match =>
            match.Groups["sample"].Value == sample && match.Groups["mark"].Value == mark);

        var code = File.ReadAllText(Path.Combine(SampleProcess.Repository, sample));

        Marked().Matches(code).Single(match => match.Groups["mark"].Value == mark).Groups["code"].Value
            .Should().NotBeEmpty().And.Be(example.Groups["code"].Value);
    }

    [Fact]
    public void The_worked_signatures_are_those_that_the_code_gives()
    {
        var headers = WebhookSignature.Sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            DateTimeOffset.FromUnixTimeSeconds(1614265330),
            """{"test": 2432232314}"""u8,
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");

        string[] names = [WebhookHeaders.Signature, WebhookHeaders.BodySignature, WebhookHeaders.StandardSignature];
        foreach (var (name, value) in headers.Where(header => names.Contains(header.Key)))
            Document.Should().Contain($"\n{name}: {value}\n");
    }

    [Fact]
    public void Every_header_that_is_sent_is_in_the_table()
    {
        var headers = WebhookSignature.Sign(
            "evt_1", DateTimeOffset.UnixEpoch, "{}"u8, WebhookSecret.Create(), WebhookSecret.Create());

        foreach (var name in headers.Select(header => header.Key).Append(WebhookHeaders.DeliveryId))
            TableRow().Matches(Document).Should().Contain(row => row.Value.Contains($"`{name}`"));
    }

    [GeneratedRegex(@"<!-- (?<sample>\S+) (?<mark>\w+) -->\n```\w+\n(?<code>.*?)```", RegexOptions.Singleline, 1000)]
    private static partial Regex Example();

    [GeneratedRegex(@"(?://|#) <(?<mark>\w+)>\n(?<code>.*?)^ *(?://|#) </\k<mark>>", RegexOptions.Singleline
        | RegexOptions.Multiline, 1000)]
    private static partial Regex Marked();

    [GeneratedRegex(@"^\|.*\|$", RegexOptions.Multiline, 1000)]
    private static partial Regex TableRow();
}
