using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Kobbopay.Client.Http;

/// <summary>Bodies of requests. What is null is left out; the interface refuses what it does not know.</summary>
internal static class ApiBody
{
    public static byte[] Empty => "{}"u8.ToArray();

    public static byte[] Of<T>(T? request, JsonTypeInfo<T> type)
        where T : class =>
        request is null ? Empty : JsonSerializer.SerializeToUtf8Bytes(request, type);

    /// <summary>With those fields as null that are <c>removed</c>, which takes their value away.</summary>
    public static byte[] Of<T>(T request, JsonTypeInfo<T> type, params ReadOnlySpan<(string Name, bool Yes)> removed)
    {
        var body = JsonSerializer.SerializeToNode(request, type)!.AsObject();
        foreach (var (name, yes) in removed)
        {
            if (yes)
                body[name] = null;
        }

        return Bytes(body);
    }

    /// <summary><c>drop</c> is a yes or no, or a list.</summary>
    public static byte[] OfReorg(SandboxReorgRequest request)
    {
        var body = new JsonObject { ["depth"] = request.Depth };
        if (request.Drop is { } hashes)
            body["drop"] = new JsonArray([.. hashes.Select(hash => (JsonNode)JsonValue.Create(hash))]);
        else if (request.DropAll)
            body["drop"] = true;
        return Bytes(body);
    }

    public static byte[] Since(DateTimeOffset since) =>
        Of(new SinceBody(ApiPath.TimeText(since)), KobbopayJson.Default.SinceBody);

    private static byte[] Bytes(JsonObject body)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
            body.WriteTo(writer);
        return bytes.ToArray();
    }
}

internal sealed record ResolveBody(string Action, string Reason);

internal sealed record ReasonBody(string Reason);

internal sealed record OverlapBody(int? OverlapSeconds);

internal sealed record SinceBody(string Since);

internal sealed record CertificationBody(string? Endpoint);

internal sealed record MineBody(int? Blocks);

internal sealed record ProviderBody(string Mode, int? Seconds);

internal sealed record AdvanceBody(int Seconds);
