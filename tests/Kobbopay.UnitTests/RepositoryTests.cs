using System.Text.RegularExpressions;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.UnitTests;

/// <summary>The project's own rules (docs/ARCHITECTURE.md), held against the files as they are.</summary>
public sealed partial class RepositoryTests
{
    private const int LinesOfAFile = 300;
    private const int ColumnsOfALine = 120;

    // Parts that were written wider and are brought within the limit one by one; nothing is ever added here.
    private static readonly string[] StillWider =
    [
        "Kobbopay.AppHost/", "scripts/",
    ];

    private static readonly string[] SkippedFolders =
        [".git", ".kobbopay", ".idea", ".vs", "artifacts", "bin", "node_modules", "obj", "TestResults"];

    private static readonly string[] CodeExtensions = [".cs", ".sql", ".js", ".mjs", ".css", ".html", ".sh"];

    // Put together here, so that this file does not find itself.
    private static readonly string[] ForbiddenWords =
    [
        "TO" + "DO", "FIX" + "ME", "HA" + "CK", "NotImplemented" + "Exception", "Skip" + " = ", "Assert.True(" + "true",
        "/wo" + "rk/",
    ];

    internal static readonly string Root = FindRoot();

    private static readonly IReadOnlyList<string> Files = [.. FilesUnder(Root).Order(StringComparer.Ordinal)];

    private static IEnumerable<string> CodeFiles =>
        Files.Where(file => CodeExtensions.Contains(Path.GetExtension(file)));

    private static IEnumerable<string> Pages => Files.Where(file =>
        file == "README.md"
        || (file.StartsWith("docs/", StringComparison.Ordinal) && file.EndsWith(".md", StringComparison.Ordinal)));

    [Fact]
    public void A_file_has_300_lines_at_most()
    {
        None(CodeFiles.Where(file => LinesOf(file).Length > LinesOfAFile));
    }

    [Fact]
    public void A_line_has_120_columns_at_most()
    {
        None(LinesOfCode()
            .Where(line => line.Text.Length > ColumnsOfALine)
            .Where(line => !StillWider.Any(part => line.File.StartsWith(part, StringComparison.Ordinal)))
            .Select(line => $"{line.File}:{line.Number}"));
    }

    [Fact]
    public void Nothing_is_left_for_later_and_no_test_is_skipped()
    {
        None(LinesOfCode()
            .Where(line => ForbiddenWords.Any(word => line.Text.Contains(word, StringComparison.Ordinal)))
            .Select(line => $"{line.File}:{line.Number}"));
    }

    [Theory]
    [InlineData("P:System.DateTime.Now")]
    [InlineData("P:System.DateTime.UtcNow")]
    [InlineData("P:System.DateTimeOffset.Now")]
    [InlineData("P:System.DateTimeOffset.UtcNow")]
    [InlineData("M:System.Guid.NewGuid")]
    [InlineData("M:System.Threading.Thread.Sleep(System.TimeSpan)")]
    [InlineData("M:System.Threading.Tasks.Task.Delay(System.TimeSpan)")]
    public void The_wall_clock_and_sleeping_are_banned(string symbol)
    {
        LinesOf("BannedSymbols.txt").Should().Contain(line => line.StartsWith(symbol + ";", StringComparison.Ordinal));
    }

    [Fact]
    public void The_ban_is_lifted_nowhere_in_the_product_and_no_project_shuts_the_analyzers_up()
    {
        None(LinesOfCode()
            .Where(line => !line.File.StartsWith("tests/", StringComparison.Ordinal))
            .Where(line => BanLifted().IsMatch(line.Text))
            .Select(line => $"{line.File}:{line.Number}"));
        None(Files
            .Where(file => file.EndsWith(".csproj", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(Path.Combine(Root, file))
                .Contains("<TreatWarningsAsErrors>", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_problem_code_is_explained_under_its_anchor_and_no_other_is()
    {
        var explained = LinesOf("docs/errors.md")
            .Where(line => line.StartsWith("## ", StringComparison.Ordinal))
            .Select(line => line[3..]);

        explained.Should().BeEquivalentTo(ProblemCodes.All.Keys.Select(code => code.Replace('_', '-')));
    }

    [Fact]
    public void Every_explanation_names_the_codes_status()
    {
        var lines = LinesOf("docs/errors.md");
        foreach (var (code, kind) in ProblemCodes.All)
        {
            var heading = Array.IndexOf(lines, $"## {code.Replace('_', '-')}");
            lines[heading + 2].Should().StartWith($"**{kind.Status}.** ", because: code);
        }
    }

    [Fact]
    public void Every_path_that_a_page_names_exists()
    {
        var missing =
            from page in Pages
            from line in LinesOf(page)
            from path in PathsIn(page, line)
            where !File.Exists(Path.Combine(Root, path)) && !Directory.Exists(Path.Combine(Root, path))
            select $"{page}: {path}";

        None(missing);
    }

    /// <summary>Fails with all that was found, not with the first alone.</summary>
    private static void None(IEnumerable<string> found) => string.Join('\n', found).Should().BeEmpty();

    /// <summary>Relative links, and what stands in code quotes and begins with a folder of this repository.</summary>
    private static IEnumerable<string> PathsIn(string page, string line)
    {
        foreach (Match link in Link().Matches(line))
        {
            var target = Path.Combine(Root, Path.GetDirectoryName(page)!, link.Groups["path"].Value);
            yield return Path.GetRelativePath(Root, target);
        }


        foreach (Match quoted in QuotedPath().Matches(line))
        {
            var path = quoted.Groups["path"].Value;
            if (Directory.Exists(Path.Combine(Root, path.Split('/')[0])))
                yield return path;
        }
    }

    private static IEnumerable<(string File, int Number, string Text)> LinesOfCode() =>
        from file in CodeFiles
        from line in LinesOf(file).Index()
        select (file, line.Index + 1, line.Item);

    internal static string[] LinesOf(string file) => File.ReadAllLines(Path.Combine(Root, file));

    private static IEnumerable<string> FilesUnder(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(folder))
            yield return Path.GetRelativePath(Root, file).Replace('\\', '/');

        foreach (var inner in Directory.EnumerateDirectories(folder))
        {
            if (SkippedFolders.Contains(Path.GetFileName(inner)))
                continue;
            foreach (var file in FilesUnder(inner))
                yield return file;
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Kobbopay.sln")))
        {
            folder = folder.Parent
                ?? throw new InvalidOperationException("The tests do not run inside the repository.");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"\]\((?!\w+:|#|/)(?<path>[^)#\s]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>[\w.-]+/[\w./-]*)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex QuotedPath();

    [GeneratedRegex(@"pragma warning disable.*RS0030|SuppressMessage.*RS0030", RegexOptions.None, 1000)]
    private static partial Regex BanLifted();
}
