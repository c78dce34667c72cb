using Microsoft.AspNetCore.Builder;

namespace Kobbopay.ServiceDefaults.Identity;

/// <summary>
/// Who may call a route. Every route says so: one that does not is refused (<see cref="IdentityMiddleware"/>).
/// </summary>
public abstract record RouteAccess
{
    public sealed record Merchant(string Scope, bool TestOnly) : RouteAccess;

    public sealed record Operator : RouteAccess;

    public sealed record Internal(IReadOnlyList<string> Callers) : RouteAccess;

    public sealed record Public : RouteAccess;
}

public static class RouteAccessExtensions
{
    /// <summary>
    /// Only for a merchant's key with this scope; <paramref name="testOnly"/> routes refuse live keys.
    /// </summary>
    public static TBuilder RequireMerchant<TBuilder>(this TBuilder route, string scope, bool testOnly = false)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteAccess.Merchant(scope, testOnly));

    /// <summary>Only for an operator of this installation.</summary>
    public static TBuilder RequireOperator<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteAccess.Operator());

    /// <summary>Only for these services, each with an identity of its own.</summary>
    public static TBuilder RequireService<TBuilder>(this TBuilder route, params string[] callers)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteAccess.Internal(callers));

    /// <summary>For anybody.</summary>
    public static TBuilder AllowPublic<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteAccess.Public());
}
