using System.Globalization;
using System.Text;

namespace Kobbopay.Client.Http;

/// <summary>The path and query of a call; what is put in is escaped, so that an id stays one segment.</summary>
internal sealed class ApiPath
{
    private readonly StringBuilder _text = new();
    private char _next = '?';

    public ApiPath(string route, params ReadOnlySpan<string> values)
    {
        var rest = route.AsSpan();
        foreach (var value in values)
        {
            // An empty segment is another route, and a dot is one that the way there would take out.
            if (string.IsNullOrEmpty(value) || value is "." or "..")
                throw new ArgumentException($"'{value}' can't be part of {route}.", nameof(values));
            var (open, close) = (rest.IndexOf('{'), rest.IndexOf('}'));
            _text.Append(rest[..open]).Append(Uri.EscapeDataString(value));
            rest = rest[(close + 1)..];
        }

        _text.Append(rest);
    }

    public ApiPath With(string name, string? value)
    {
        if (value is not null)
        {
            _text.Append(_next).Append(Uri.EscapeDataString(name)).Append('=').Append(Uri.EscapeDataString(value));
            _next = '&';
        }

        return this;
    }

    public ApiPath With(string name, long? value) => With(name, value?.ToString(CultureInfo.InvariantCulture));

    public ApiPath With(string name, DateTimeOffset? value) => With(name, value is { } time ? TimeText(time) : null);

    public ApiPath With(PageRequest? page) =>
        With("limit", page?.Limit).With("after", page?.After).With("before", page?.Before);

    public override string ToString() => _text.ToString();

    /// <summary>UTC, to the last digit: a bound must not move.</summary>
    public static string TimeText(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
