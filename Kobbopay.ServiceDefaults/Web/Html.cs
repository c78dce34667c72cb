using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// Markup that is safe to send. It is written as an interpolated string, <c>Html.Of($"...")</c>: the template stands
/// as it is, every value is encoded, and only another <see cref="Html"/> goes in unencoded. So forgetting to encode is
/// not possible.
/// </summary>
public readonly record struct Html(string? Markup)
{
    public static readonly Html Nothing = new(string.Empty);

    public static Html Of(HtmlTemplate template) => new(template.ToString());

    public static Html Join(IEnumerable<Html> parts) => new(string.Concat(parts.Select(part => part.Markup)));

    /// <summary>
    /// A web address for <c>href</c>, or null for anything else: encoding does not make <c>javascript:</c> harmless.
    /// </summary>
    public static string? LinkTo(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var link) && link.Scheme is "https" or "http"
            ? link.AbsoluteUri
            : null;

    public override string ToString() => Markup ?? string.Empty;
}

[InterpolatedStringHandler]
public readonly ref struct HtmlTemplate(int literalLength, int formattedCount)
{
    private readonly StringBuilder _markup = new(literalLength + (formattedCount * 32));

    public void AppendLiteral(string markup) => _markup.Append(markup);

    public void AppendFormatted(Html markup) => _markup.Append(markup.Markup);

    public void AppendFormatted(string? text) => _markup.Append(HtmlEncoder.Default.Encode(text ?? string.Empty));

    public void AppendFormatted(int number) => _markup.Append(number);

    public override string ToString() => _markup.ToString();
}
