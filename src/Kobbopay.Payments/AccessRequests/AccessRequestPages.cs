using Kobbopay.Payments.Pages;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.AccessRequests;

/// <summary>
/// <c>/request-access</c>, the form, and <c>/request-access/{token}</c>, where its sender sees what became of it. Both
/// work without a script.
/// </summary>
internal static class AccessRequestPages
{
    /// <summary>A field that no person sees: whoever fills it in is a program, and is thanked like everybody.</summary>
    private const string Honeypot = "fax";

    /// <summary>Characters of a field with a list in it.</summary>
    private const int ListLimit = 2_000;

    public static void MapAccessRequestPages(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/request-access", [HttpMethods.Get, HttpMethods.Head], ShowFormAsync).AllowPublic()
            .ExcludeFromDescription();
        app.MapPost("/request-access", SubmitAsync).AllowPublic().ExcludeFromDescription();
        app.MapMethods("/request-access/{token}", [HttpMethods.Get, HttpMethods.Head], ShowStatusAsync).AllowPublic()
            .ExcludeFromDescription();
        PageLayout.Assets.MapTo(app);
    }

    private static Task ShowFormAsync(HttpContext http, CancellationToken cancellation) => HtmlPage.WritePrivateAsync(
        http, Form(new AccessApplication(null, null, null, null, null, null, null, null, null), []), 200, cancellation);

    private static async Task SubmitAsync(
        HttpContext http, AccessRequestStore store, CancellationToken cancellation)
    {
        var form = await FormBody.ReadAsync(http, cancellation);
        var application = new AccessApplication(
            form["company"], form["website"], form["contactEmail"], form["useCase"], form["integrationType"],
            form["volume"], List(form["rails"]), List(form["markets"]), form["technicalContact"]);
        if (form[Honeypot] is not null)
        {
            await HtmlPage.WritePrivateAsync(http, Thanks, StatusCodes.Status200OK, cancellation);
            return;
        }

        if (application.Check() is { Count: > 0 } errors)
        {
            await HtmlPage.WritePrivateAsync(
                http, Form(application, errors), StatusCodes.Status422UnprocessableEntity, cancellation);
            return;
        }

        var submitted = await store.AddAsync(http, application, cancellation);
        // Relative: the page stays on the host that the browser is at.
        http.Response.Headers.Location = new Uri(submitted.StatusUrl).AbsolutePath;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.StatusCode = StatusCodes.Status303SeeOther;
    }

    private static async Task ShowStatusAsync(
        string token, HttpContext http, AccessRequestStore store, CancellationToken cancellation)
    {
        var view = await store.FindAsync(token, cancellation);
        await HtmlPage.WritePrivateAsync(
            http, view is null ? Unknown : Status(view), view is null ? 404 : 200, cancellation);
    }

    private static readonly Html Thanks = PageLayout.Page(
        "Thank you", Html.Of($"<p>We have your request and will look at it.</p>"));

    private static readonly Html Unknown = PageLayout.Page("Request not found", Html.Of($"""
        <p>There is no request at this address. Check the link, or <a href="/request-access">send a new one</a>.</p>
        """));

    private static Html Form(AccessApplication entered, IReadOnlyList<InvalidField> errors)
    {
        FormField[] fields =
        [
            new("company", "Company", entered.Company, errors)
            {
                Autocomplete = "organization",
                Hint = "Or its website below.",
            },
            new("website", "Website", entered.Website, errors) { Autocomplete = "url", Type = "url" },
            new("contactEmail", "E-mail", entered.ContactEmail, errors)
            {
                Autocomplete = "email",
                Type = "email",
                Required = true,
            },
            new("useCase", "What you want to do", entered.UseCase, errors)
            {
                Required = true,
                Lines = 5,
                MaxLength = AccessApplication.UseCaseLimit,
                Hint = "What you sell, to whom, and how payments fit in; "
                    + $"{AccessApplication.ShortestUseCase} characters at least.",
            },
            new("integrationType", "How you will integrate", entered.IntegrationType, errors)
            {
                Hint = "For example: own backend, plugin, platform.",
            },
            new("volume", "Volume you expect", entered.Volume, errors)
            {
                Hint = "Payments a month, and their usual amount.",
            },
            new("rails", "Currencies and networks", Joined(entered.Rails), errors)
            {
                Hint = "Separated by commas: USDT on Polygon, USDC on Base.",
                MaxLength = ListLimit,
            },
            new("markets", "Markets", Joined(entered.Markets), errors)
            {
                Hint = "Countries you sell to, separated by commas.",
                MaxLength = ListLimit,
            },
            new("technicalContact", "Technical contact", entered.TechnicalContact, errors),
        ];
        return PageLayout.Page("Request access", Html.Of($"""
            <p>Tell us who you are and what you want to do. A person reads this and answers.</p>
            {PageLayout.Summary(errors)}
            <form id="form" method="post" action="/request-access" novalidate>
            {Html.Join(fields.Select(field => field.Render()))}
            <div class="other" aria-hidden="true"><label for="{Honeypot}">Leave this empty</label>
            <input id="{Honeypot}" name="{Honeypot}" tabindex="-1" autocomplete="off"></div>
            <button type="submit">Send request</button>
            </form>
            """));
    }

    private static Html Status(ApplicantViewJson view)
    {
        var sentence = view.Status switch
        {
            "new" => "We have your request and will look at it.",
            "deferred" => "We have looked at your request and will come back to it.",
            "approved" => "Your request has been approved. We hand you a link and, by another way, a code.",
            _ => "We can't give you access.",
        };
        return PageLayout.Page("Your access request", Html.Of($"""
            <p>{sentence}</p>
            <dl>
            <dt>Request</dt><dd>{view.Id}</dd>
            <dt>Company</dt><dd>{view.Company}</dd>
            <dt>Sent</dt><dd>{view.CreatedAt.ToString("u")}</dd>
            {(view.Reason is null ? Html.Nothing : Html.Of($"<dt>Reason</dt><dd>{view.Reason}</dd>"))}
            </dl>
            <p class="quiet">Keep this page's address: it is the way back here. Nothing secret is ever sent by
            e-mail.</p>
            """));
    }

    private static string? Joined(IReadOnlyList<string?>? list) => list is null ? null : string.Join(", ", list);

    private static string[]? List(string? text) =>
        text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
