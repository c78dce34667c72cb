using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.Gateway.Operators;

/// <summary>Which operator this is (contracts.md, section 6): by key, or by a token of their own issuer.</summary>
public sealed partial class OperatorAuthentication(
    LiveSettings<OperatorSettings> settings, OperatorTokens tokens, KeyGuessing guessing,
    ILogger<OperatorAuthentication> logger)
{
    public const string Header = "x-operator-key";

    private const string Bearer = "Bearer ";

    /// <summary>Either the operator or the refusal.</summary>
    public async ValueTask<(OperatorIdentity? Who, ProblemException? Refusal)> AuthenticateAsync(HttpContext http)
    {
        var now = settings.Now;
        var key = http.Request.Headers[Header].ToString();
        if (key.Length > 0)
        {
            return now.NameOf(key) is { } name
                ? (new OperatorIdentity(name), null)
                : RefuseKey(http, "This is no operator's key.");
        }

        var bearer = http.Request.Headers.Authorization.ToString();
        if (now.Oidc is not { } oidc || !bearer.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return Refuse(http, new ProblemException(
                ProblemCodes.AuthenticationRequired, "Send your operator key in the x-operator-key header."));
        }

        try
        {
            return await tokens.NameOfAsync(bearer[Bearer.Length..].Trim(), oidc, http.RequestAborted) is { } name
                ? (new OperatorIdentity(name), null)
                : RefuseKey(http, "This token's issuer, audience, signature, time or claims are wrong.");
        }
        catch (InvalidOperationException unavailable) when (!http.RequestAborted.IsCancellationRequested)
        {
            LogUnavailable(unavailable.Message);
            return (null, new ProblemException(
                ProblemCodes.AuthenticationUnavailable,
                "The issuer of your token can't be asked for its keys; try again.")
            {
                RetryAfterSeconds = 5,
            });
        }
    }

    private (OperatorIdentity? Who, ProblemException? Refusal) RefuseKey(HttpContext http, string detail) =>
        Refuse(http, guessing.Count(http, new ProblemException(ProblemCodes.InvalidApiKey, detail)));

    private static (OperatorIdentity? Who, ProblemException? Refusal) Refuse(HttpContext http, ProblemException refusal)
    {
        if (refusal.Code != ProblemCodes.RateLimited)
            http.Response.Headers[HeaderNames.WWWAuthenticate] = "ApiKey header=\"x-operator-key\"";
        return (null, refusal);
    }

    [LoggerMessage(LogLevel.Warning, "An operator's token was not checked: its issuer does not answer: {Reason}")]
    private partial void LogUnavailable(string reason);
}

public static class OperatorRegistration
{
    public const string Prefix = "/v1/operator";

    public static void AddOperators(this WebApplicationBuilder builder)
    {
        builder.AddLiveSettings(OperatorSettings.Section, OperatorSettings.Read);
        builder.Services.AddSingleton<OperatorTokens>();
        builder.Services.AddSingleton<OperatorAuthentication>();
    }

    /// <summary>
    /// Where <c>Operators:Port</c> is set, that port has the operators' routes and nothing else, and no other port has
    /// them. Which port it is tells the connection, never a header.
    /// </summary>
    public static void UseOperatorPort(this WebApplication app)
    {
        var settings = app.Services.GetRequiredService<LiveSettings<OperatorSettings>>();
        app.Use((http, next) =>
        {
            if (settings.Now.Port is not { } port)
                return next(http);
            var isTheirs = http.Request.Path.StartsWithSegments(Prefix, StringComparison.OrdinalIgnoreCase);
            return isTheirs == (http.Connection.LocalPort == port)
                ? next(http)
                : Problems.WriteAsync(http, ProblemCodes.NotFound, "There is nothing here.");
        });
    }
}
