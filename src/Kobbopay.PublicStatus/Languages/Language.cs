using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.PublicStatus.Languages;

/// <summary>
/// A language that payers are spoken to in: one file of texts beside this one, embedded. A new language is its file and
/// a line in <see cref="All"/>.
/// </summary>
/// <param name="Tag">BCP 47, as <c>lang</c> and <c>Content-Language</c> have it.</param>
public sealed record Language(string Tag, Texts Texts, bool IsRightToLeft = false)
{
    /// <summary>Languages that a browser names at most before the rest is passed over.</summary>
    private const int ReadAtMost = 20;

    public static readonly Language English = Load("en");

    public static readonly ImmutableArray<Language> All =
        [English, Load("es"), Load("fr"), Load("pt"), Load("ar", isRightToLeft: true)];

    public string Direction => IsRightToLeft ? "rtl" : "ltr";

    /// <summary>The reader's best of ours by <c>Accept-Language</c> (RFC 9110, section 12.5.4), else English.</summary>
    public static Language Of(HttpRequest request)
    {
        var header = request.Headers.AcceptLanguage;
        return header.Count == 0 ? English : Best(header);
    }

    /// <summary>
    /// A value amid the text: where both run in different directions it is kept together (Unicode isolates, UAX 9).
    /// </summary>
    public string Isolate(string value) => IsRightToLeft ? $"\u2068{value}\u2069" : value;

    /// <summary>Says in which language the answer is, and that another reader's may be in another one.</summary>
    public void Declare(HttpResponse response)
    {
        response.Headers.ContentLanguage = Tag;
        response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptLanguage);
    }

    private static Language Best(StringValues header)
    {
        if (!StringWithQualityHeaderValue.TryParseList(header, out var wanted))
            return English;
        // The sort is stable: of two with the same weight the first one named counts.
        return wanted.Take(ReadAtMost)
            .Where(one => one.Quality is not 0)
            .OrderByDescending(one => one.Quality ?? 1)
            .Select(one => All.FirstOrDefault(known => Matches(one.Value, known.Tag)))
            .OfType<Language>()
            .FirstOrDefault() ?? English;
    }

    /// <summary><c>pt-BR</c> is spoken to in <c>pt</c>: basic filtering the other way round (RFC 4647).</summary>
    private static bool Matches(StringSegment wanted, string tag) =>
        wanted.StartsWith(tag, StringComparison.OrdinalIgnoreCase)
        && (wanted.Length == tag.Length || wanted[tag.Length] == '-');

    private static Language Load(string tag, bool isRightToLeft = false)
    {
        var name = $"{typeof(Language).Namespace}.{tag}.json";
        using var file = typeof(Language).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        return new Language(tag, JsonSerializer.Deserialize(file, TextsJson.Default.Texts)!, isRightToLeft);
    }
}
