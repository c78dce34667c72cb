using System.Reflection;
using Kobbopay.PublicStatus.Languages;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.UnitTests.PublicStatus;

public sealed class LanguageTests
{
    private static readonly PropertyInfo[] All = typeof(Texts).GetProperties();

    public static TheoryData<string> Others => [.. Language.All.Select(language => language.Tag).Skip(1)];

    [Fact]
    public void There_are_five_languages_and_one_of_them_runs_from_right_to_left()
    {
        Language.All.Select(language => language.Tag).Should().Equal("en", "es", "fr", "pt", "ar");
        Language.All.Where(language => language.IsRightToLeft).Should().ContainSingle();
    }

    [Theory]
    [MemberData(nameof(Others))]
    public void A_language_fills_in_what_English_does_and_says_it_in_words_of_its_own(string tag)
    {
        var texts = Language.All.Single(language => language.Tag == tag).Texts;
        foreach (var text in All)
        {
            var (english, other) = (text.GetValue(Language.English.Texts)!, text.GetValue(texts)!);
            other.ToString().Should().NotBeNullOrWhiteSpace(text.Name);
            if (english is Sentence sentence)
                ((Sentence)other).Placeholders.Should().BeEquivalentTo(sentence.Placeholders, text.Name);
        }

        All.Count(text => Equals(
            text.GetValue(texts)!.ToString(), text.GetValue(Language.English.Texts)!.ToString()))
            .Should().BeLessThanOrEqualTo(3, "only words like 'Confirmations' or 'min' are the same");
    }

    [Theory]
    [InlineData("", "en")]
    [InlineData("de", "en")]
    [InlineData("fr", "fr")]
    [InlineData("pt-BR,pt;q=0.9,en;q=0.8", "pt")]
    [InlineData("de-CH, ES-mx;q=0.5, fr;q=0.7", "fr")]
    [InlineData("ar;q=0, es;q=0.1", "es")]
    [InlineData("es, fr", "es")]
    [InlineData("esperanto", "en")]
    [InlineData("*", "en")]
    [InlineData("fr;q=nonsense", "en")]
    [InlineData("ar-EG", "ar")]
    public void A_reader_is_spoken_to_in_the_best_language_that_is_there(string accepted, string tag)
    {
        var http = new DefaultHttpContext();
        http.Request.Headers.AcceptLanguage = accepted;
        Language.Of(http.Request).Tag.Should().Be(tag);
    }

    [Fact]
    public void A_value_within_text_of_the_other_direction_is_kept_together()
    {
        var arabic = Language.All.Single(language => language.IsRightToLeft);
        Kobbopay.PublicStatus.Guidance.For(Views.Pending, Views.Now, arabic)
            .Should().Contain("\u206810.5 USDT\u2069").And.Contain("\u2068Example Network\u2069");
        Language.English.Isolate("10.5 USDT").Should().Be("10.5 USDT");
    }
}
