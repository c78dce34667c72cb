using Kobbopay.Contracts;
using Kobbopay.PublicStatus.Languages;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.PublicStatus.Page;

/// <summary>
/// The texts of one page, filled in with one payment. As markup, what comes from elsewhere (a name, an amount) is
/// isolated, so that text of the other direction around it does not tear it apart.
/// </summary>
internal readonly record struct Words(Language Language, PublicPayment View)
{
    public Texts Texts => Language.Texts;

    /// <summary>As plain text, for a title or an attribute.</summary>
    public string Plain(Sentence sentence)
    {
        var view = View;
        var language = Language;
        return sentence.Fill(name => language.Isolate(PaymentValues.Of(name, view)));
    }

    /// <param name="values">For names that are no value of the payment; else null.</param>
    public Html Of(Sentence sentence, Func<string, Html?>? values = null)
    {
        var view = View;
        return sentence.Fill(name => values?.Invoke(name) ?? Isolated(PaymentValues.Of(name, view)));
    }

    public Html Money(string amount) => Isolated(PaymentValues.Money(View, amount));

    public static Html Isolated(string value) => Html.Of($"<bdi>{value}</bdi>");
}
