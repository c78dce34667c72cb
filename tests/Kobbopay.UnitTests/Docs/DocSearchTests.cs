using Kobbopay.Gateway.Docs;

namespace Kobbopay.UnitTests.Docs;

public sealed class DocSearchTests
{
    private static readonly DocSearch Search = new DocSite().Search;

    [Theory]
    [InlineData("unsupported_rail", "/docs/errors#unsupported-rail")]
    [InlineData("unsupported-rail", "/docs/errors#unsupported-rail")]
    [InlineData("Idempotency keys", "/docs/consumers#idempotency-keys")]
    [InlineData("rotate secret", "/docs/webhooks#rotate-a-secret")]
    [InlineData("verify python", "/docs/webhooks#verify-in-python")]
    [InlineData("verif pyth", "/docs/webhooks#verify-in-python")]
    [InlineData("reconciliation", "/docs/reconciliation")]
    [InlineData("never_paid", "/docs/sandbox#scenarios")]
    [InlineData("x-kobbopay-signature", "/docs/webhooks#headers")]
    [InlineData("certification", "/docs/webhooks#certification")]
    public void What_is_meant_is_among_the_first_three(string query, string path)
    {
        Search.Find(query).Take(3).Select(finding => finding.Path).Should().Contain(path);
    }

    [Fact]
    public void All_words_have_to_be_there()
    {
        Search.Find("webhook").Should().HaveCount(20);
        Search.Find("webhook zeppelin").Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("  -- \"<>&")]
    [InlineData("\0\uD800")]
    public void No_word_finds_nothing(string query)
    {
        Search.Find(query).Should().BeEmpty();
    }

    [Fact]
    public void An_excerpt_shows_the_word_and_cuts_none_in_two()
    {
        foreach (var finding in Search.Find("overlap"))
        {
            finding.Excerpt.Should().ContainEquivalentOf("overlap");
            finding.Excerpt.Length.Should().BeLessThan(220);
            var words = finding.Section.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            finding.Excerpt.Split(' ').Where(word => word is not ("..." or "")).Except(words).Should().BeEmpty();
        }
    }
}
