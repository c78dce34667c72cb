using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.Gateway;

/// <summary>
/// Whose key this is (contracts.md, section 1). A refusal never depends on whether Payments can be reached: then the
/// answer is 503, so that nobody takes a valid key out of service because of our outage.
/// </summary>
public sealed partial class ApiKeyAuthentication(
    ApiKeyCache keys, KeyGuessing guessing, KeyActivity activity, TimeProvider clock,
    ILogger<ApiKeyAuthentication> logger)
{
    public const string Header = "x-api-key";

    /// <summary>Either the key or the refusal.</summary>
    public async ValueTask<(KnownKey? Key, ProblemException? Refusal)> AuthenticateAsync(HttpContext http)
    {
        var text = http.Request.Headers[Header].ToString();
        if (text.Length == 0)
        {
            return Refuse(http, new ProblemException(
                ProblemCodes.AuthenticationRequired, "Send your secret key in the x-api-key header."));
        }

        if (!ApiKey.IsWellFormed(text, out _))
        {
            return RefuseKey(http,
                "This is no key of ours: it is cut off or mistyped (kp_test_... or kp_live_..., 66 characters).");
        }

        try
        {
            var hash = ApiKey.Hash(text);
            var mayAsk = keys.Holds(hash) || guessing.MayLookUp(http);
            var key = mayAsk ? await keys.FindAsync(hash, http.RequestAborted) : null;
            if (key is null)
                return RefuseKey(http, "This key is not known, or it has been revoked.");
            if (key.Description.ExpiresAt <= clock.GetUtcNow())
                return RefuseKey(http, "This key has expired.");
            var address = ClientAddress.Of(http);
            if (!key.MayBeUsedFrom(address))
            {
                return (null, new ProblemException(
                    ProblemCodes.AddressNotAllowed, $"This key must not be used from {address}; see its allowedIps."));
            }

            activity.Used(key);
            return (key, null);
        }
        catch (Exception failure) when (
            !http.RequestAborted.IsCancellationRequested && IsOutage(failure))
        {
            LogUnavailable(failure.Message);
            return (null, new ProblemException(
                ProblemCodes.AuthenticationUnavailable, "Your key was neither accepted nor refused; try again.")
            {
                RetryAfterSeconds = 1,
            });
        }
    }

    /// <summary>
    /// Whether a request that began with this key may go on: the key is there, and may do what it could then. While
    /// Payments can't be asked it may.
    /// </summary>
    public async ValueTask<bool> StillHoldsAsync(KnownKey begun, HttpContext http)
    {
        try
        {
            var key = await keys.FindAsync(begun.Hash, CancellationToken.None);
            return key is not null
                && !(key.Description.ExpiresAt <= clock.GetUtcNow())
                && key.MayBeUsedFrom(ClientAddress.Of(http))
                && begun.Description.Scopes.All(scope => key.Description.Scopes.Contains(scope));
        }
        catch (Exception failure) when (IsOutage(failure))
        {
            return !(begun.Description.ExpiresAt <= clock.GetUtcNow());
        }
    }

    /// <summary>Whose key it is, of a request that is refused anyway; null when that can't be told.</summary>
    public async ValueTask<KnownKey?> PeekAsync(HttpContext http)
    {
        var text = http.Request.Headers[Header].ToString();
        if (!ApiKey.IsWellFormed(text, out _))
            return null;
        try
        {
            var hash = ApiKey.Hash(text);
            if (!keys.Holds(hash) && !guessing.MayLookUp(http))
                return null;
            // The caller may have gone; the question is worth its answer all the same.
            var key = await keys.FindAsync(hash, CancellationToken.None);
            if (key is null)
                guessing.Note(http);
            return key;
        }
        catch (Exception failure) when (IsOutage(failure))
        {
            return null;
        }
    }

    private static bool IsOutage(Exception failure) =>
        failure is HttpRequestException or OperationCanceledException or JsonException;

    private (KnownKey? Key, ProblemException? Refusal) RefuseKey(HttpContext http, string detail) =>
        Refuse(http, guessing.Count(http, new ProblemException(ProblemCodes.InvalidApiKey, detail)));

    private static (KnownKey? Key, ProblemException? Refusal) Refuse(HttpContext http, ProblemException refusal)
    {
        // RFC 9110, section 15.5.2: a 401 names its scheme.
        if (refusal.Code != ProblemCodes.RateLimited)
            http.Response.Headers[HeaderNames.WWWAuthenticate] = "ApiKey header=\"x-api-key\"";
        return (null, refusal);
    }

    [LoggerMessage(LogLevel.Warning, "An API key could not be checked because Payments does not answer: {Reason}")]
    private partial void LogUnavailable(string reason);
}

public static class ApiKeyAuthenticationRegistration
{
    public static void AddApiKeyAuthentication(this WebApplicationBuilder builder)
    {
        ApiKeyLookUp.AddTo(builder.Services);
        builder.Services.AddSingleton(services => new ApiKeyCache(
            services.GetRequiredService<ApiKeyLookUp>().FindAsync,
            services.GetRequiredService<IdentityIssuer>(),
            services.GetRequiredService<TimeProvider>()));
        builder.AddLiveSettings(LimitSettings.Section, LimitSettings.Read);
        builder.Services.AddSingleton<RateLimits>();
        builder.Services.AddSingleton<KeyGuessing>();
        builder.Services.AddSingleton<KeyActivity>();
        builder.Services.AddSingleton<ApiKeyAuthentication>();
    }
}
