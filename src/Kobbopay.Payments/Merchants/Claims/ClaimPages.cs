using Kobbopay.Contracts;
using Kobbopay.Payments.Pages;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Merchants.Claims;

/// <summary>
/// <c>/claim</c>: where a merchant takes over its materials (contracts.md, section 6). A GET consumes nothing, and
/// neither do the first two steps: the code opens the form, the xpubs show their addresses, and only the last one
/// claims. Without a script the token is pasted in.
/// </summary>
internal static class ClaimPages
{
    private const string XpubField = "xpub:";
    private const string AddressesField = "addresses:";
    private const string ConfirmField = "confirm:";
    private const string ClaimStep = "claim";

    public static void MapClaimPages(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/claim", [HttpMethods.Get, HttpMethods.Head], OpenAsync).AllowPublic().ExcludeFromDescription();
        app.MapPost("/claim", SubmitAsync).AllowPublic().ExcludeFromDescription();
    }

    private static Task OpenAsync(HttpContext http, CancellationToken cancellation) =>
        HtmlPage.WritePrivateAsync(http, Opening([]), StatusCodes.Status200OK, cancellation);

    private static async Task SubmitAsync(HttpContext http, ClaimMaterials claims, CancellationToken cancellation)
    {
        var form = await FormBody.ReadAsync(http, cancellation);
        var request = RequestOf(form);
        var claiming = form["step"] == ClaimStep;
        try
        {
            if (claiming)
            {
                var claimed = await claims.ClaimAsync(http, request, cancellation);
                await HtmlPage.WritePrivateAsync(http, Materials(claimed), StatusCodes.Status201Created, cancellation);
                return;
            }

            var preview = await claims.PreviewAsync(http, request, cancellation);
            await HtmlPage.WritePrivateAsync(http, Step(preview, request, []), StatusCodes.Status200OK, cancellation);
        }
        catch (ProblemException refusal)
        {
            var status = ProblemCodes.All[refusal.Code].Status;
            await HtmlPage.WritePrivateAsync(
                http, await ExplainAsync(http, claims, request, refusal, cancellation), status, cancellation);
        }
    }

    private static ClaimRequest RequestOf(FormBody form)
    {
        var confirmed = form.StartingWith(ConfirmField);
        return new ClaimRequest(
            form["token"],
            form["code"]?.Trim(),
            form.StartingWith(XpubField).ToDictionary(x => x.Key, string? (x) => x.Value, StringComparer.Ordinal),
            form.StartingWith(AddressesField)
                .Where(addresses => confirmed.ContainsKey(addresses.Key))
                .ToDictionary(
                    addresses => addresses.Key,
                    IReadOnlyList<string?>? (addresses) => addresses.Value.Split(' '),
                    StringComparer.Ordinal),
            form["webhookUrl"]);
    }

    /// <summary>The step that was refused once more, with what is wrong; or why there is none.</summary>
    private static async Task<Html> ExplainAsync(
        HttpContext http, ClaimMaterials claims, ClaimRequest request, ProblemException refusal,
        CancellationToken cancellation)
    {
        if (refusal.Errors is not { Count: > 0 } errors)
        {
            var later = refusal.RetryAfterSeconds is not null;
            return PageLayout.Page(later ? "Please try again in a moment" : "This link can't be used", Html.Of($"""
                <p>{refusal.Message}</p><p><a href="/claim">Enter another link</a></p>
                """));
        }

        if (errors.Any(error => error.Pointer is "/code" or "/token"))
            return Opening(errors, request.Token);
        try
        {
            // The code was right: what was entered is asked for again.
            var wrongKeys = errors.Any(error => error.Pointer.StartsWith("/xpubs", StringComparison.Ordinal));
            var preview = await claims.PreviewAsync(
                http, wrongKeys ? request with { Xpubs = null } : request, cancellation);
            return Step(preview, request, [.. errors.Select(AtItsField)]);
        }
        catch (ProblemException)
        {
            return Opening(errors, request.Token);
        }
    }

    /// <summary>The form has a field for each network, where the JSON has one object for all.</summary>
    private static InvalidField AtItsField(InvalidField error) => error.Pointer.Split('/') switch
    {
        [_, "xpubs", var network] => error with { Pointer = $"/{XpubField}{network}" },
        [_, "addresses", var network] => error with { Pointer = $"/{ConfirmField}{network}" },
        _ => error,
    };

    private static Html Opening(IReadOnlyList<InvalidField> errors, string? token = null) => PageLayout.Page(
        "Claim your access",
        Html.Of($"""
            <p>You have a link, and a code of six digits that reached you by another way. Opening this page uses up
            nothing.</p>
            {PageLayout.Summary(errors)}
            <form method="post" action="/claim" autocomplete="off">
            {new FormField("token", "The link's token", token, errors)
        {
            Required = true,
            Hint = "Filled in from the link. Otherwise paste what follows the # in it.",
        }.Render()}
            {new FormField("code", "Code", null, errors)
        {
            Required = true,
            MaxLength = 6,
            Autocomplete = "one-time-code",
        }.Render()}
            <button type="submit">Continue</button>
            </form>
            """),
        "claim.js");

    private static Html Step(ClaimPreview preview, ClaimRequest request, IReadOnlyList<InvalidField> errors)
    {
        var missing = preview.Networks
            .Except(preview.Xpubs.Select(xpub => xpub.Network), StringComparer.Ordinal).ToList();
        // A change may be of one network alone.
        var enters = missing.Count > 0 && (preview.Kind == ClaimKinds.Materials || preview.Xpubs.Count == 0);
        return PageLayout.Page($"Claim access for {preview.DisplayName}", Html.Of($"""
            {Banner(preview.Environment)}
            {PageLayout.Summary(errors)}
            <form id="form" method="post" action="/claim" autocomplete="off">
            <input type="hidden" name="token" value="{request.Token}">
            <input type="hidden" name="code" value="{request.Code}">
            {(enters ? Keys(preview, request, errors) : Confirmation(preview, request))}
            {(preview.Kind == ClaimKinds.Materials ? Webhook(request, errors) : Html.Nothing)}
            {(enters ? Html.Nothing : Html.Of($"""<input type="hidden" name="step" value="{ClaimStep}">"""))}
            <button type="submit">{(enters ? "Show the addresses" : "Claim")}</button>
            </form>
            """));
    }

    private static Html Banner(string environment) => environment == MerchantEnvironments.Test
        ? Html.Of($"""<p><span class="test">TEST</span> This is the test environment: no real money.</p>""")
        : Html.Of($"<p>This is the live environment.</p>");

    private static Html Keys(
        ClaimPreview preview, ClaimRequest request, IReadOnlyList<InvalidField> errors) => Html.Of($"""
        <h2>Where your money goes</h2>
        <p>Enter your account's extended public key for each network. It gives us addresses, and no power over what is
        on them. Never enter a private key.</p>
        {Html.Join(preview.Networks.Select(network => new FormField(
            XpubField + network, $"Extended public key for {network}", request.Xpubs?.GetValueOrDefault(network),
            errors)
        { Required = true, MaxLength = 200 }.Render()))}
        """);

    private static Html Confirmation(ClaimPreview preview, ClaimRequest request) =>
        Html.Join(preview.Xpubs.Select(xpub => Html.Of($"""
            <h2>Addresses on {xpub.NetworkName}</h2>
            <p>Compare these with the first three receiving addresses that your wallet shows for this account.</p>
            <ol start="0">{Html.Join(xpub.Addresses.Select(one => Html.Of($"<li><code>{one}</code></li>")))}</ol>
            <input type="hidden" name="{XpubField}{xpub.Network}" value="{request.Xpubs![xpub.Network]}">
            <input type="hidden" name="{AddressesField}{xpub.Network}" value="{string.Join(' ', xpub.Addresses)}">
            <p class="check"><input type="checkbox" id="{ConfirmField}{xpub.Network}"
              name="{ConfirmField}{xpub.Network}" value="on" required>
            <label for="{ConfirmField}{xpub.Network}">My wallet shows the same three addresses.</label></p>
            """)));

    private static Html Webhook(ClaimRequest request, IReadOnlyList<InvalidField> errors) => new FormField(
        "webhookUrl", "Where your webhooks go", request.WebhookUrl, errors)
    {
        Type = "url",
        MaxLength = 2_048,
        Hint = "The address of your backend that takes events. You can give it later, too.",
    }.Render();

    private static Html Materials(ClaimedMaterials claimed) => PageLayout.Page(
        $"Access for {claimed.DisplayName}", Html.Of($"""
        {Banner(claimed.Environment)}
        <p role="status"><strong>{(claimed.ApiKey is null
            ? "Your new keys are in use from now on."
            : "Store these now: they are shown this once, and kept nowhere.")}</strong></p>
        <dl>
        <dt>Merchant</dt><dd>{claimed.MerchantId}</dd>
        {(claimed.ApiKey is { } key ? Html.Of($"""
            <dt>API key (keep it on your server)</dt><dd><code class="secret" id="apiKey">{key.Key}</code></dd>
            """) : Html.Nothing)}
        {(claimed.WebhookEndpoint is { } endpoint ? Html.Of($"""
            <dt>Webhook endpoint</dt><dd>{endpoint.Id}<br>{endpoint.Url}</dd>
            <dt>Its signing secret</dt><dd><code class="secret" id="webhookSecret">{endpoint.Secret}</code></dd>
            """) : Html.Nothing)}
        {Html.Join(claimed.Xpubs.Select(xpub => Html.Of($"<dt>{xpub.NetworkName}</dt><dd>{xpub.Fingerprint}</dd>")))}
        </dl>
        """));
}
