using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.IntegrationTests.Whole;

/// <summary>
/// Requests that no sane client sends, to every route of the merged API description: none may be answered by a 5xx, or
/// refused by anything but a problem with one of our codes. A failure names the seed and the request. The requests are
/// always the same, so that a build fails for its own change; <c>KOBBOPAY_FUZZ_SEED</c> gives others.
/// </summary>
public sealed class FuzzTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>
{
    private const int RequestsOfEach = 40;

    private static readonly string[] Texts =
    [
        "", " ", "0", "-1", "null", "true", "{}", "[]", "\0", "\u0001", "\u202e", "\ufeff", "é", "日本語", "😀",
        "'; drop table payments; --", "<script>alert(1)</script>", "%00", "%2e%2e%2f", "../../internal/events", "a/b",
        "\\", "\"", "{{7*7}}", "${x}",
        "1e400", "99999999999999999999999999999999999999999", "0x10", "NaN", "2026-13-45T99:99:99Z",
        "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00Z", "http://[::1", "https://user:pw@example.com/",
        new string('a', 300), new string('9', 5_000), "pay_00000000000000000000000000",
        "mer_7zzzzzzzzzzzzzzzzzzzzzzzzz", "key_8zzzzzzzzzzzzzzzzzzzzzzzzz", "PAY_00000000000000000000000000",
    ];

    private static readonly string[] Bodies =
    [
        "", "null", "[]", "1", "\"text\"", "{", "{\"a\":", "{}{}", "\ufeff{}", "{\"a\":1,\"a\":2}", "{\"\\ud800\":1}",
        "{\"amount\":1e999999999}", "{\"amount\":0.1e1}", "{\"\\u0000\":\"\\u0000\"}", "{/* comment */}", "{\"a\":1,}",
        new string('[', 500), "{\"a\":" + new string('{', 100), "{\"x\":\"" + new string('x', 70_000) + "\"}",
    ];

    private static readonly string[] Methods =
        ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "X"];

    private static readonly string[] Types =
    [
        "application/json", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
        "x/y",
    ];

    [Fact]
    public async Task No_request_is_answered_by_a_fault_or_by_anything_but_a_problem()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("KOBBOPAY_FUZZ_SEED"), out var given) ? given : 1;
        var random = new Random(seed);
        var merchant = await system.AddMerchantAsync();
        var victim = await system.AddMerchantAsync();
        var faults = new List<string>();
        foreach (var operation in await system.OperationsAsync())
        {
            for (var i = 0; i < RequestsOfEach; i++)
            {
                using var request = Make(random, operation, merchant, victim);
                var target = request.RequestUri!.ToString();
                var shown = $"{request.Method} {target} {Short(request)}";
                try
                {
                    var answer = await system.SendAsync(request);
                    if (WhyWrong(operation, request, target, answer) is { } why)
                        faults.Add($"seed {seed}: {shown} -> {answer.Status} {why} {Short(answer.Body)}");
                }
                catch (HttpRequestException failure)
                {
                    faults.Add($"seed {seed}: {shown} -> no answer, {failure}");
                }
            }
        }

        string.Join('\n', faults).Should().BeEmpty();
    }

    private static string? WhyWrong(
        Operation operation, HttpRequestMessage request, string target, WholeAnswer answer)
    {
        if (answer.Status >= 500)
            return "a fault";
        // What the server takes for no HTTP request ends before anything of ours.
        if (answer is { Status: 414, Body: "" }
            || (answer is { Status: 400, Body: "" } && target.Contains("%00", StringComparison.Ordinal)))
            return null;
        if (!answer.HasRequestId)
            return "no request id";
        if (answer.Status < 400 || request.Method == HttpMethod.Head || operation.Path == "/pay/{token}")
            return null;
        if (answer.Type?.MediaType != "application/problem+json")
            return $"no problem but {answer.Type}";
        var known = ProblemCodes.All.GetValueOrDefault(answer.Code ?? string.Empty);
        if (known?.Status != answer.Status)
            return "not one of our codes";
        return !Reaches(operation, request, target) || IsDescribed(operation, known) ? null : "not described";
    }

    /// <summary>Whether this operation answers: not where a path was played with until it is another one.</summary>
    private static bool Reaches(Operation operation, HttpRequestMessage request, string target) =>
        request.Method.Method == operation.Method
        && new Uri(new Uri("http://x"), target).AbsolutePath.Split('/').Zip(operation.Path.Split('/')).All(segment =>
            segment.First == segment.Second || (segment.Second is ['{', ..] && segment.First.Length > 0))
        && target.Split('?')[0].Count(c => c == '/') == operation.Path.Count(c => c == '/');

    /// <summary>The codes of a described response are its name.</summary>
    private static bool IsDescribed(Operation operation, ProblemKind problem) =>
        problem.Code == ProblemCodes.NotFound
        || ((string?)operation.Node["responses"]![$"{problem.Status}"]?["$ref"])?.Split('/')[^1].Split('.')
            .Contains(problem.Code) is true;

    private static HttpRequestMessage Make(
        Random random, Operation operation, WholeMerchant merchant, WholeMerchant victim)
    {
        var method = random.Next(8) == 0 ? Pick(random, Methods) : operation.Method;
        var target = PathOf(random, operation, victim) + QueryOf(random, operation);
        var request = new HttpRequestMessage(new HttpMethod(method), new Uri(target, UriKind.Relative));
        if (operation.Scheme == "operatorKey")
            request.Headers.Add("x-operator-key", WholeKobbopay.OperatorKey);
        else if (operation.Scheme == "apiKey")
            request.Headers.Add("x-api-key", random.Next(4) == 0 ? merchant.LiveKey : merchant.TestKey);
        // What the server leaves unread of one request is nothing to the next.
        request.Headers.ConnectionClose = true;
        AddHeaders(random, request);
        if (method is not ("GET" or "HEAD" or "TRACE" or "OPTIONS") && random.Next(10) > 0)
            AddBody(random, operation, request);
        return request;
    }

    private static void AddHeaders(Random random, HttpRequestMessage request)
    {
        Add("Idempotency-Key", "", "k", new string('k', 256), "ü", "a\tb");
        Add("X-Kobbopay-Identity", "x", "eyJhbGciOiJub25lIn0.e30.");
        Add("Accept", "*/*", "text/html", "x", "application/xml;q=2");
        Add("traceparent", "00-0-0-0", "x", new string('0', 400));

        void Add(string name, params string[] values)
        {
            if (random.Next(5) == 0)
                request.Headers.TryAddWithoutValidation(name, Pick(random, values));
        }
    }

    private static string PathOf(Random random, Operation operation, WholeMerchant victim)
    {
        var path = operation.Path;
        foreach (var name in operation.PathParameters)
        {
            var value = (name, random.Next(3)) switch
            {
                ("merchantId", > 0) => Id.Format(Id.Merchant, victim.Id),
                ("network", > 0) => "example-network",
                ("environment", > 0) => "test",
                _ => Pick(random, Texts),
            };
            path = path.Replace($"{{{name}}}", Uri.EscapeDataString(value), StringComparison.Ordinal);
        }

        return random.Next(20) == 0 ? path + Pick(random, ["/", "//", "/..", "/%2e%2e", "/x", ";x", "%00"]) : path;
    }

    private static string QueryOf(Random random, Operation operation)
    {
        if (random.Next(2) == 0)
            return string.Empty;
        var names = (operation.Node["parameters"]?.AsArray() ?? [])
            .Where(parameter => (string?)parameter!["in"] == "query" && (string)parameter["name"]! != "wait")
            .Select(parameter => (string)parameter!["name"]!)
            .Append(Pick(random, ["x", "limit", "after", "metadata[a]", "metadata[", "%", "a b"]))
            .ToList();
        return "?" + string.Join('&', Enumerable.Range(0, random.Next(1, 4)).Select(_ =>
            $"{Uri.EscapeDataString(Pick(random, names))}={Uri.EscapeDataString(Pick(random, Texts))}"));
    }

    private static void AddBody(Random random, Operation operation, HttpRequestMessage request)
    {
        var schema = operation.Node["requestBody"]?["content"]?["application/json"]?["schema"];
        var text = random.Next(3) == 0
            ? Pick(random, Bodies)
            : Value(random, schema, operation.Document, 0)?.ToJsonString() ?? "{}";
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
        var type = random.Next(12) == 0 ? Pick(random, Types) : "application/json";
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (random.Next(10) == 0)
            request.Headers.TransferEncodingChunked = true;
    }

    /// <summary>A value as the schema has it, and now and then one of another kind.</summary>
    private static JsonNode? Value(Random random, JsonNode? schema, JsonNode document, int depth)
    {
        while (schema?["$ref"] is { } reference)
            schema = document["components"]!["schemas"]![((string)reference!).Split('/')[^1]];
        if (depth > 5 || random.Next(8) == 0)
            return Junk(random);
        if ((schema?["allOf"] ?? schema?["oneOf"] ?? schema?["anyOf"]) is JsonArray several)
            return Value(random, several[random.Next(several.Count)], document, depth);
        if (schema?["enum"] is JsonArray values)
            return values[random.Next(values.Count)]?.DeepClone();
        var type = schema?["type"] is JsonArray types ? (string?)types[0] : (string?)schema?["type"];
        switch (type)
        {
            case "object":
                var made = new JsonObject();
                foreach (var (name, property) in schema!["properties"]?.AsObject() ?? [])
                {
                    if (random.Next(4) > 0)
                        made[name] = Value(random, property, document, depth + 1);
                }

                if (random.Next(10) == 0)
                    made[Pick(random, Texts)] = Junk(random);
                return made;
            case "array":
                return new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(
                    _ => Value(random, schema!["items"], document, depth + 1))]);
            case "integer" or "number":
                return JsonValue.Create(random.Next(-2, 5_000));
            case "boolean":
                return JsonValue.Create(random.Next(2) == 0);
            default:
                return JsonValue.Create(Pick(random, ["USDT", "example-network", "test", "10.5", "x", .. Texts]));
        }
    }

    private static JsonNode? Junk(Random random) => random.Next(7) switch
    {
        0 => null,
        1 => JsonValue.Create(random.Next()),
        2 => JsonValue.Create(-1.5),
        3 => new JsonArray(),
        4 => new JsonObject { ["a"] = new JsonArray(1, null) },
        5 => JsonValue.Create(true),
        _ => JsonValue.Create(Pick(random, Texts)),
    };

    private static string Short(HttpRequestMessage request)
    {
        if (request.Content is null)
            return string.Empty;
        using var reader = new StreamReader(request.Content.ReadAsStream());
        return Short(reader.ReadToEnd());
    }

    private static string Short(string text) => JsonSerializer.Serialize(text[..Math.Min(400, text.Length)]);

    private static string Pick(Random random, IReadOnlyList<string> from) => from[random.Next(from.Count)];
}
