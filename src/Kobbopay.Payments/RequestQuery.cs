using System.Globalization;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.WebUtilities;

namespace Kobbopay.Payments;

/// <summary>
/// The query of a GET, taken at its word: a name that the route does not know, in exactly this spelling, or that stands
/// twice is refused, since a filter that does nothing shows a merchant the wrong payments. Each error names
/// <c>?name</c>.
/// </summary>
internal sealed class RequestQuery
{
    /// <summary>The names of every page.</summary>
    public static readonly string[] PageNames = ["limit", "after", "before"];

    // Zone and all: a time without one means another moment to each reader.
    private static readonly string[] TimeFormats =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private RequestQuery()
    {
    }

    /// <param name="names">Those of the route; <c>name[]</c> takes any <c>name[key]</c>.</param>
    /// <exception cref="ProblemException"><c>invalid_request</c>.</exception>
    public static RequestQuery Of(QueryString text, IReadOnlyCollection<string> names)
    {
        var query = new RequestQuery();
        foreach (var pair in new QueryStringEnumerable(text.Value))
        {
            var (name, value) = (pair.DecodeName().ToString(), pair.DecodeValue().ToString());
            if (!names.Contains(name) && !names.Contains(FamilyOf(name)))
                throw PageQuery.Invalid(name, "unknown_name", $"Known here are {string.Join(", ", names)}.");
            if (value.Contains('\0', StringComparison.Ordinal))
                throw PageQuery.Invalid(name, "invalid_format", "Must not contain a null character.");
            if (!query._values.TryAdd(name, value))
                throw PageQuery.Invalid(name, "repeated", "This stands more than once.");
        }

        return query;
    }

    public string? this[string name] => _values.GetValueOrDefault(name);

    /// <summary>The keys and values of <c>name[key]=value</c>.</summary>
    public Dictionary<string, string> PairsOf(string name) => _values
        .Where(pair => FamilyOf(pair.Key) == $"{name}[]")
        .ToDictionary(pair => pair.Key[(name.Length + 1)..^1], pair => pair.Value, StringComparer.Ordinal);

    /// <param name="list">Names the list, for its cursors.</param>
    public PageRange Page(MerchantIdentity merchant, string list) =>
        new PageQuery { Limit = this["limit"], After = this["after"], Before = this["before"] }.Parse(merchant, list);

    /// <summary>The page of a list that is no merchant's.</summary>
    public PageRange OperatorPage(string list) =>
        new PageQuery { Limit = this["limit"], After = this["after"], Before = this["before"] }.Parse("operator", list);

    /// <summary>A value of a closed list, or null.</summary>
    public string? OneOf(string name, IReadOnlyCollection<string> values) => this[name] switch
    {
        null => null,
        var value when values.Contains(value) => value,
        _ => throw PageQuery.Invalid(name, "unknown_value", $"One of {string.Join(", ", values)}."),
    };

    /// <summary>An id as it is written outside, or null.</summary>
    public Guid? IdOf(string name, string prefix) => this[name] switch
    {
        null => null,
        var text when Contracts.Id.TryParse(prefix, text, out var id) => id,
        _ => throw PageQuery.Invalid(name, "invalid_format", $"This is not an id of the form {prefix}..."),
    };

    /// <summary>An RFC 3339 time, or null.</summary>
    public DateTimeOffset? TimeOf(string name) => this[name] switch
    {
        null => null,
        var text when DateTimeOffset.TryParseExact(
            text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) =>
            time.ToUniversalTime(),
        _ => throw PageQuery.Invalid(
            name,
            "invalid_format",
            "Must be an RFC 3339 time with its zone, such as 2026-01-31T00:00:00Z (a + is written %2B in a URL)."),
    };

    /// <summary><c>metadata[]</c> of <c>metadata[order]</c>; the name itself without brackets.</summary>
    private static string FamilyOf(string name)
    {
        var bracket = name.IndexOf('[', StringComparison.Ordinal);
        return bracket > 0 && name[^1] == ']' ? $"{name[..bracket]}[]" : name;
    }
}
