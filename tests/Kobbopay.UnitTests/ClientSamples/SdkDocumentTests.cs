using System.Text.RegularExpressions;

namespace Kobbopay.UnitTests.ClientSamples;

/// <summary>
/// Each C# example of docs/sdk.md and of the packages' READMEs is a marked part of code that tests run, word by word.
/// </summary>
public sealed partial class SdkDocumentTests
{
    [Theory]
    [InlineData("docs/sdk.md", 9)]
    [InlineData("src/Kobbopay.Client/README.md", 5)]
    [InlineData("src/Kobbopay.Client.AspNetCore/README.md", 1)]
    public void Each_example_is_the_code_that_it_names(string page, int examples)
    {
        var document = File.ReadAllText(Path.Combine(SampleProcess.Repository, page));

        var found = Example().Matches(document);

        found.Should().HaveCount(examples);
        document.Split("```csharp").Should().HaveCount(examples + 1, "there is no other example");
        foreach (var example in found.Cast<Match>())
        {
            var code = File.ReadAllText(Path.Combine(SampleProcess.Repository, example.Groups["file"].Value));
            var marked = Marked().Matches(code).Single(one => one.Groups["mark"].Value == example.Groups["mark"].Value);
            Dedented(marked.Groups["code"].Value).Should().Be(example.Groups["code"].Value);
        }
    }

    private static string Dedented(string code)
    {
        var lines = code.Split('\n');
        var indent = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length < indent ? line.Trim() : line[indent..]));
    }

    [GeneratedRegex(
        @"<!-- (?<file>\S+) (?<mark>\w+) -->\n```csharp\n(?<code>.*?)```", RegexOptions.Singleline, 1000)]
    private static partial Regex Example();

    [GeneratedRegex(
        @"// <(?<mark>\w+)>\n(?<code>.*?\n) *// </\k<mark>>", RegexOptions.Singleline, 1000)]
    private static partial Regex Marked();
}
