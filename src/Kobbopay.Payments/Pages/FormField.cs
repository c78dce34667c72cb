using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Pages;

/// <summary>A field of a form, with its label, its hint, what was entered, and what is wrong with it.</summary>
internal sealed record FormField(string Name, string Label, string? Value, IReadOnlyList<InvalidField> Errors)
{
    private static readonly Html Optional = Html.Of($""" <span class="quiet">(optional)</span>""");

    public string? Hint { get; init; }

    public bool Required { get; init; }

    public string Type { get; init; } = "text";

    public string Autocomplete { get; init; } = "off";

    public int MaxLength { get; init; } = 200;

    /// <summary>Lines of a text area; 1 for an input.</summary>
    public int Lines { get; init; } = 1;

    public Html Render() => Html.Of($"""
        <div class="field">
        <label for="{Name}">{Label}{(Required ? Html.Nothing : Optional)}</label>
        {(Hint is null ? Html.Nothing : Html.Of($"""<p class="hint" id="{Name}-hint">{Hint}</p>"""))}
        {(Error is null ? Html.Nothing : Html.Of($"""<p class="error" id="{Name}-error">{Error}</p>"""))}
        {(Lines > 1 ? TextArea() : Input())}
        </div>
        """);

    private string? Error => Errors.FirstOrDefault(error => PageLayout.FieldOf(error.Pointer) == Name)?.Message;

    private Html Input() => Html.Of($"""
        <input id="{Name}" name="{Name}" type="{Type}" value="{Value}" maxlength="{MaxLength}"
          autocomplete="{Autocomplete}"{Attributes()}>
        """);

    private Html TextArea() => Html.Of($"""
        <textarea id="{Name}" name="{Name}" rows="{Lines}" maxlength="{MaxLength}"{Attributes()}>{Value}</textarea>
        """);

    private Html Attributes()
    {
        var described = string.Join(' ', new[]
        {
            Hint is null ? null : $"{Name}-hint",
            Error is null ? null : $"{Name}-error",
        }.OfType<string>());
        return Html.Join(
        [
            Required ? Html.Of($" required") : Html.Nothing,
            Error is null ? Html.Nothing : Html.Of($""" aria-invalid="true" """),
            described.Length == 0 ? Html.Nothing : Html.Of($""" aria-describedby="{described}" """),
        ]);
    }
}
