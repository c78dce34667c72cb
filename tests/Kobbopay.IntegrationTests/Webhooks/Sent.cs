using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>What the tests compare of an answer; its words and ages beside.</summary>
internal sealed record Finding(
    string Verdict,
    string? Header,
    string? FaultyHeader,
    bool SignatureMatches,
    string? EndpointId,
    string? Secret,
    string? BodyDifference)
{
    public static Finding Of(JsonElement answer) => answer.Deserialize<Finding>(JsonSerializerOptions.Web)!;
}

/// <summary>A body of <c>explain-signature</c>.</summary>
internal sealed record ExplainRequest(
    Dictionary<string, string> Headers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Body,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? BodyBase64,
    string? EndpointId,
    string? ReceivedAt);

/// <summary>A webhook request, who asks about it, and what the last answer was.</summary>
internal sealed record Sent(
    TestMerchant Merchant, Answer Endpoint, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    private JsonElement _answer;

    public string EndpointId => Endpoint.Text("id");

    public DateTimeOffset SentAt => DateTimeOffset.FromUnixTimeSeconds(
        long.Parse(Headers["webhook-timestamp"], CultureInfo.InvariantCulture));

    public string Raw => _answer.GetRawText();

    public string Explanation => _answer.GetProperty("explanation").GetString()!;

    public long? Age => _answer.GetProperty("ageSeconds").Deserialize<long?>();

    public IReadOnlyList<Finding> Signatures =>
        [.. _answer.GetProperty("signatures").EnumerateArray().Select(Finding.Of)];

    /// <summary>A finding of a signature by this endpoint's current secret.</summary>
    public Finding Matched(string verdict, string header) =>
        new(verdict, header, null, SignatureMatches: true, EndpointId, "current", null);

    public ExplainRequest With(
        string? header = null, string? value = null, string? body = null, string? endpointId = null,
        bool asBase64 = false)
    {
        var headers = new Dictionary<string, string>(Headers, StringComparer.OrdinalIgnoreCase);
        if (header is not null)
            headers[header] = value!;
        var bytes = body is null ? Body : Encoding.UTF8.GetBytes(body);
        return new ExplainRequest(
            headers, asBase64 ? null : Encoding.UTF8.GetString(bytes), asBase64 ? Convert.ToBase64String(bytes) : null,
            endpointId, null);
    }

    public Task<Answer> PostAsync(ExplainRequest request) => Merchant.PostAsync(
        "/v1/webhook-tools/explain-signature", request);

    /// <summary>The deciding finding; no answer ever shows a secret or a signature.</summary>
    public async Task<Finding> ExplainAsync(ExplainRequest? request = null)
    {
        var answer = await PostAsync(request ?? With());
        answer.Status.Should().Be(200, answer.Body.ToString());
        _answer = answer.Body;
        Raw.Should().NotContain("whsec_").And.NotMatchRegex("[0-9a-f]{64}|[A-Za-z0-9+/]{43}=");
        return Finding.Of(_answer);
    }
}
