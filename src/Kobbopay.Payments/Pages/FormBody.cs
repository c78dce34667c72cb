using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Pages;

/// <summary>What a form posted; a field that was left empty is not there.</summary>
internal sealed class FormBody
{
    private readonly IFormCollection _form;

    private FormBody(IFormCollection form) => _form = form;

    public string? this[string name] =>
        _form[name].ToString() is { } text && !string.IsNullOrWhiteSpace(text) ? text : null;

    /// <summary>The fields whose names begin so, without that beginning.</summary>
    public Dictionary<string, string> StartingWith(string prefix) => _form
        .Where(field => field.Key.StartsWith(prefix, StringComparison.Ordinal) && this[field.Key] is not null)
        .ToDictionary(field => field.Key[prefix.Length..], field => this[field.Key]!, StringComparer.Ordinal);

    /// <exception cref="ProblemException"><c>unsupported_media_type</c>, <c>invalid_request</c>.</exception>
    public static async Task<FormBody> ReadAsync(HttpContext http, CancellationToken cancellation)
    {
        var type = http.Request.ContentType;
        if (type?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
            throw new ProblemException(ProblemCodes.UnsupportedMediaType, "Send the form as the page does.");
        try
        {
            return new FormBody(await http.Request.ReadFormAsync(cancellation));
        }
        catch (InvalidDataException)
        {
            throw new ProblemException(ProblemCodes.InvalidRequest, "The form can't be read.");
        }
    }
}
