namespace Kobbopay.Gateway.Docs;

/// <summary>
/// Finds sections by words of their heading and text: all of the words, the beginning of one counts. The site is small
/// enough to look through.
/// </summary>
internal sealed class DocSearch
{
    /// <summary>Characters of a query that count.</summary>
    public const int LongestQuery = 100;

    private const int MostWords = 8;
    private const int MostFound = 20;

    /// <summary>Characters of the text around the first find.</summary>
    private const int Before = 60;

    private const int After = 140;

    private readonly List<Entry> _entries;

    public DocSearch(IEnumerable<RenderedPage> pages) => _entries =
    [
        .. from page in pages
           from section in page.Sections
           select new Entry(page.Page, page.Title, section, [.. WordsOf(section.Heading)], [.. WordsOf(section.Text)]),
    ];

    public IReadOnlyList<DocFinding> Find(string query)
    {
        var words = WordsOf(query.Length > LongestQuery ? query[..LongestQuery] : query)
            .Distinct(StringComparer.Ordinal).Take(MostWords).ToArray();
        if (words.Length == 0)
            return [];
        var found =
            from entry in _entries
            let scores = words.Select(word => ScoreOf(entry, word)).ToArray()
            where scores.All(score => score > 0)
            orderby scores.Sum() descending
            select new DocFinding(entry.Page, entry.Title, entry.Section, ExcerptOf(entry.Section.Text, words));
        return [.. found.Take(MostFound)];
    }

    private static int ScoreOf(Entry entry, string word)
    {
        var score = 0;
        foreach (var heading in entry.Heading)
            score += heading == word ? 20 : Begins(heading, word) ? 10 : 0;
        var times = entry.Text.Count(text => Begins(text, word));
        // The page's own title before its sections, and a text that has a word often, up to a point.
        return score == 0 && times == 0 ? 0 : score + Math.Min(times, 5) + (entry.Section.Level == 1 ? score / 4 : 0);
    }

    private static bool Begins(string text, string word) => text.StartsWith(word, StringComparison.Ordinal);

    /// <summary>
    /// Letters and digits in lower case, without the plural: <c>too_many_decimals</c> is three words.
    /// </summary>
    private static IEnumerable<string> WordsOf(string text)
    {
        var start = -1;
        for (var i = 0; i <= text.Length; i++)
        {
            var inside = i < text.Length && char.IsLetterOrDigit(text[i]);
            if (inside && start < 0)
            {
                start = i;
            }
            else if (!inside && start >= 0)
            {
                var word = text[start..i].ToLowerInvariant();
                yield return word.Length > 3 ? word.TrimEnd('s') : word;
                start = -1;
            }
        }
    }

    private static string ExcerptOf(string text, string[] words)
    {
        var first = words.Select(word => text.IndexOf(word, StringComparison.OrdinalIgnoreCase))
            .Where(index => index >= 0).DefaultIfEmpty(0).Min();
        var from = Math.Max(0, first - Before);
        var to = Math.Min(text.Length, first + After);
        // At a space, so that no word and no character is cut in two.
        if (from > 0)
            from = text.IndexOf(' ', from, first - from) is >= 0 and var space ? space + 1 : first;
        if (to < text.Length)
            to = text.LastIndexOf(' ', to, to - first) is >= 0 and var space ? space : to;
        return $"{(from > 0 ? "... " : string.Empty)}{text[from..to]}{(to < text.Length ? " ..." : string.Empty)}";
    }

    private sealed record Entry(DocPage Page, string Title, DocSection Section, string[] Heading, string[] Text);
}

/// <summary>A section that has what was looked for.</summary>
internal sealed record DocFinding(DocPage Page, string Title, DocSection Section, string Excerpt)
{
    public string Path => Section.Level == 1 ? Page.Path : $"{Page.Path}#{Section.Id}";
}
