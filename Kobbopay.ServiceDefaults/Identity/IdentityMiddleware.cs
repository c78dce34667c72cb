using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>
/// Holds each request against what its route demands (<see cref="RouteAccess"/>), before a handler or its binding runs.
/// A route that says nothing is refused: forgetting is not a way in.
/// </summary>
public sealed partial class IdentityMiddleware(
    RequestDelegate next, IdentityVerifier verifier, ILogger<IdentityMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // No endpoint at all is a 404, which the status page writes.
        if (http.GetEndpoint() is not { } endpoint)
        {
            await next(http);
            return;
        }

        // The framework's own endpoint that answers a wrong method with 405 carries no metadata of ours.
        switch (endpoint.Metadata.GetMetadata<RouteAccess>())
        {
            case RouteAccess.Public:
                break;
            case null when endpoint.DisplayName is "405 HTTP Method Not Supported" or "415 HTTP Unsupported Media Type":
                break;
            case RouteAccess.Merchant needed:
                http.Features.Set(await MerchantAsync(http, needed));
                break;
            case RouteAccess.Operator:
                http.Features.Set(await OperatorAsync(http));
                break;
            case RouteAccess.Internal needed:
                await RequireServiceAsync(http, needed);
                break;
            default:
                LogUndeclared(endpoint.DisplayName);
                throw new ProblemException(ProblemCodes.NotFound, "There is nothing here.");
        }

        await next(http);
    }

    private async Task<MerchantIdentity> MerchantAsync(HttpContext http, RouteAccess.Merchant needed)
    {
        var caller = await CallerAsync(http);
        if (caller is not { Service: ResourceNames.Gateway, Merchant: { } merchant })
        {
            throw new ProblemException(
                ProblemCodes.AuthenticationRequired, "Send your secret key in the x-api-key header.");
        }

        if (needed.TestOnly && merchant.Environment != MerchantEnvironments.Test)
            throw new ProblemException(ProblemCodes.WrongEnvironment, "This route takes test keys only (kp_test_...).");
        if (merchant.Scopes.Contains(needed.Scope))
            return merchant;
        throw new ProblemException(
            ProblemCodes.InsufficientScope,
            merchant.Scopes.Contains(Scopes.Suspended)
                ? "The merchant is suspended: its keys can read, and change nothing."
                : $"This route needs a key with the scope {needed.Scope}.");
    }

    private async Task<OperatorIdentity> OperatorAsync(HttpContext http) =>
        await CallerAsync(http) is { Service: ResourceNames.Gateway, Operator: { } who }
            ? who
            : throw new ProblemException(
                ProblemCodes.AuthenticationRequired, "Send your operator key in the x-operator-key header.");

    private async Task RequireServiceAsync(HttpContext http, RouteAccess.Internal needed)
    {
        if (await CallerAsync(http) is { Merchant: null, Operator: null, Service: var service }
            && needed.Callers.Contains(service))
            return;

        // A service whose identity is not accepted must not take that for an answer to its question ("no such key").
        throw http.Request.Headers.ContainsKey(IdentityToken.Header)
            ? new ProblemException(ProblemCodes.AuthenticationRequired, "This identity is not accepted here.")
            : new ProblemException(ProblemCodes.NotFound, "There is nothing here.");
    }

    private async ValueTask<Caller?> CallerAsync(HttpContext http) =>
        http.Request.Headers[IdentityToken.Header].ToString() is { Length: > 0 } token
            ? await verifier.VerifyAsync(token)
            : null;

    [LoggerMessage(LogLevel.Error, "The route {Route} does not say who may call it; it is refused")]
    private partial void LogUndeclared(string? route);
}

internal static class IdentityRegistration
{
    public static void AddIdentity(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton(new IdentityKeys(configuration));
        services.AddSingleton<IdentityIssuer>();
        services.AddSingleton<IdentityVerifier>();
    }
}
