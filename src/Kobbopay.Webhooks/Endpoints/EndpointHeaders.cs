using System.Buffers;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// The headers that a merchant may have sent with its events: a token for its own gateway, as a rule. What is not on
/// the list could pass for ours, or for a proxy's word, at whoever receives it.
/// </summary>
internal static class EndpointHeaders
{
    public const int Limit = 20;
    private const int LongestName = 64;
    private const int LongestValue = 1024;

    /// <summary>Names that begin like these belong to us, or are what proxies and frameworks believe.</summary>
    private static readonly string[] Reserved =
    [
        "X-Kobbopay", "X-Signature", "X-Forwarded", "X-Real-IP", "X-Request-Id", "X-Original", "X-Rewrite",
        "X-HTTP-Method",
    ];

    /// <summary>A token of RFC 9110, section 5.6.2.</summary>
    private static readonly SearchValues<char> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    public static IEnumerable<InvalidField> Check(Dictionary<string, string?>? headers)
    {
        if (headers is null)
            yield break;
        if (headers.Count > Limit)
        {
            yield return new InvalidField("/headers", "too_many", $"Up to {Limit} headers.");
            yield break;
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            var pointer = $"/headers/{name.Replace("~", "~0").Replace("/", "~1")}";
            if (CheckName(pointer, name) is { } badName)
                yield return badName;
            else if (!names.Add(name))
                yield return new InvalidField(pointer, "duplicate_field", "Names of headers ignore case.");
            else if (CheckValue(pointer, value) is { } badValue)
                yield return badValue;
        }
    }

    private static InvalidField? CheckName(string pointer, string name)
    {
        if (name.Length is 0 or > LongestName || name.AsSpan().ContainsAnyExcept(Token))
        {
            return new InvalidField(
                pointer, "invalid_format", $"A name is 1 to {LongestName} letters, digits and marks of an HTTP token.");
        }

        var allowed = name.Equals("Authorization", StringComparison.OrdinalIgnoreCase)
            || (name.Length > 2 && name.StartsWith("X-", StringComparison.OrdinalIgnoreCase)
                && !Reserved.Any(begin => name.StartsWith(begin, StringComparison.OrdinalIgnoreCase)));
        return allowed
            ? null
            : new InvalidField(
                pointer, "header_not_allowed", "Authorization, or X- and a name that neither we nor proxies use.");
    }

    private static InvalidField? CheckValue(string pointer, string? value) => value switch
    {
        null or "" => new InvalidField(pointer, "required", "A header has a value."),
        { Length: > LongestValue } =>
            new InvalidField(pointer, "too_long", $"A value has {LongestValue} characters at most."),
        _ when value.AsSpan().ContainsAnyExceptInRange(' ', '~') || value[0] == ' ' || value[^1] == ' ' =>
            new InvalidField(pointer, "invalid_format", "Printable ASCII, without a space at either end."),
        _ => null,
    };
}
