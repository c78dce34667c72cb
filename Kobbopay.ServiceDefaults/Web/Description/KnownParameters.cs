using System.Globalization;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Microsoft.OpenApi;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>Parameters that mean the same on every route.</summary>
internal static class KnownParameters
{
    /// <summary>Crockford's base32 in lower case; the first of 26 characters has three bits.</summary>
    private const string IdPattern = "[0-7][0-9a-hjkmnp-tv-z]{25}$";

    /// <summary>Whose id it is that follows this segment of a path.</summary>
    private static readonly Dictionary<string, string> Prefixes = new(StringComparer.Ordinal)
    {
        ["payments"] = Id.Payment,
        ["events"] = Id.Event,
        ["exceptions"] = Id.Exception,
        ["webhook-endpoints"] = Id.WebhookEndpoint,
        ["webhook-deliveries"] = Id.Delivery,
        ["replays"] = Id.Replay,
        ["api-keys"] = Id.ApiKey,
        ["access-requests"] = Id.AccessRequest,
        ["claims"] = Id.Claim,
        ["merchants"] = Id.Merchant,
        ["certification"] = Id.Certification,
    };

    /// <summary>A parameter of the path, by what stands before it.</summary>
    public static void DescribeInPath(OpenApiParameter parameter, string path)
    {
        // Up to the brace: a constraint may follow the name.
        var before = path[..Math.Max(0, path.IndexOf($"/{{{parameter.Name}", StringComparison.Ordinal))];
        var segment = before[(before.LastIndexOf('/') + 1)..];
        if (parameter.Name == "token")
        {
            parameter.Description = "The public status token, pst_..., of a payment's publicStatusUrl.";
        }
        else if (parameter.Name is not "network" && Prefixes.TryGetValue(segment, out var prefix))
        {
            parameter.Description = $"An id of the form {prefix}...";
            parameter.Schema = OfId(prefix);
        }
    }

    /// <summary>A query parameter by its name, and by what the route says of it.</summary>
    public static OpenApiParameter OfQuery(TakenParameter taken)
    {
        var parameter = new OpenApiParameter { Name = taken.Name, In = ParameterLocation.Query };
        (parameter.Description, parameter.Schema) = taken.Name switch
        {
            "limit" => ("Entries at most.", OfNumber(1, PageQuery.LargestLimit, PageQuery.DefaultLimit)),
            "after" => ("The nextCursor of the page before this one, exactly as it was given.", OfText()),
            "before" => ("A cursor, for what is newer than it.", OfText()),
            "payment_id" => ("Only of this payment.", OfId(Id.Payment)),
            "endpoint" => ("Only of this webhook endpoint.", OfId(Id.WebhookEndpoint)),
            "event" => ("Only of this event.", OfId(Id.Event)),
            "from" or "createdFrom" => ("From this time on.", OfTime()),
            "to" or "createdTo" => ("Before this time.", OfTime()),
            _ => ((string?)null, OfText()),
        };
        if (taken.Name.EndsWith("[]", StringComparison.Ordinal))
        {
            parameter.Name = taken.Name[..^2];
            parameter.Style = ParameterStyle.DeepObject;
            parameter.Explode = true;
            parameter.Schema = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = OfText() };
        }

        parameter.Description = taken.Description ?? parameter.Description;
        parameter.Required = taken.IsRequired;
        if (taken.Values is { Count: > 0 } values)
            parameter.Schema = OfText(values);
        if (taken.Least is { } least)
            parameter.Schema = OfNumber(least, taken.Most);
        return parameter;
    }

    private static OpenApiSchema OfText() => new() { Type = JsonSchemaType.String };

    private static OpenApiSchema OfText(IEnumerable<string> values) =>
        new() { Type = JsonSchemaType.String, Enum = [.. values.Select(value => (JsonNode)value)] };

    private static OpenApiSchema OfTime() => new() { Type = JsonSchemaType.String, Format = "date-time" };

    private static OpenApiSchema OfId(string prefix) =>
        new() { Type = JsonSchemaType.String, Pattern = $"^{prefix}{IdPattern}" };

    private static OpenApiSchema OfNumber(long least, long? most, int? otherwise = null) => new()
    {
        Type = JsonSchemaType.Integer,
        Minimum = least.ToString(CultureInfo.InvariantCulture),
        Maximum = most?.ToString(CultureInfo.InvariantCulture),
        Default = otherwise,
    };
}
