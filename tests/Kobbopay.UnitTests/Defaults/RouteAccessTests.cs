using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Defaults;

/// <summary>Who gets past the door of a route, by what the route declares and what the request brings.</summary>
public sealed class RouteAccessTests
{
    private static readonly MerchantIdentity Merchant =
        new(Guid.Empty, "live", Guid.Empty, [Scopes.PaymentsRead, Scopes.Sandbox]);

    private static readonly FakeTimeProvider Clock = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
    private static readonly IdentityIssuer Gateway = TestIdentity.Issuer("Kobbopay.Gateway", "payments", Clock);

    private static readonly IdentityIssuer Webhooks =
        TestIdentity.Issuer("Kobbopay.Webhooks", "payments", Clock, TestIdentity.OtherKey);

    private static readonly string ForMerchant = Gateway.ForMerchant("payments", Merchant);
    private static readonly string ForMerchantByWebhooks = Webhooks.ForMerchant("payments", Merchant);
    private static readonly string GatewayItself = OwnToken(Gateway);
    private static readonly string WebhooksItself = OwnToken(Webhooks);

    [Fact]
    public async Task A_route_that_declares_nothing_is_refused_even_to_a_valid_identity()
    {
        (await EnterAsync([], ForMerchant)).Refusal.Should().Be(ProblemCodes.NotFound);
        (await EnterAsync([], GatewayItself)).Refusal.Should().Be(ProblemCodes.NotFound);
    }

    [Fact]
    public async Task No_route_at_all_is_left_to_the_404()
    {
        (await EnterAsync(metadata: null, token: null)).Should().Be((true, null, null));
    }

    [Fact]
    public async Task A_public_route_takes_anybody_and_believes_nobody()
    {
        (await EnterAsync([new RouteAccess.Public()], ForMerchant)).Should().Be((true, null, null));
    }

    [Fact]
    public async Task A_merchants_route_takes_an_identity_with_its_scope_from_the_gateway_alone()
    {
        object[] read = [new RouteAccess.Merchant(Scopes.PaymentsRead, TestOnly: false)];

        var (entered, identity, refusal) = await EnterAsync(read, ForMerchant);
        (entered, refusal).Should().Be((true, null));
        identity.Should().BeEquivalentTo(Merchant);

        foreach (var other in new[] { null, "rubbish", ForMerchantByWebhooks, GatewayItself })
            (await EnterAsync(read, other)).Refusal.Should().Be(ProblemCodes.AuthenticationRequired);

        (await EnterAsync([new RouteAccess.Merchant(Scopes.PaymentsWrite, TestOnly: false)], ForMerchant))
            .Refusal.Should().Be(ProblemCodes.InsufficientScope);
    }

    [Fact]
    public async Task A_test_route_refuses_a_live_key_whatever_its_scopes()
    {
        (await EnterAsync([new RouteAccess.Merchant(Scopes.Sandbox, TestOnly: true)], ForMerchant))
            .Refusal.Should().Be(ProblemCodes.WrongEnvironment);
    }

    [Fact]
    public async Task An_internal_route_takes_the_listed_services_and_hides_from_all_who_are_none()
    {
        object[] forWebhooks = [new RouteAccess.Internal(["webhooks"])];

        (await EnterAsync(forWebhooks, WebhooksItself)).Should().Be((true, null, null));
        (await EnterAsync(forWebhooks, token: null)).Refusal.Should().Be(ProblemCodes.NotFound);
        foreach (var other in new[] { "rubbish", GatewayItself, ForMerchant, ForMerchantByWebhooks })
            (await EnterAsync(forWebhooks, other)).Refusal.Should().Be(ProblemCodes.AuthenticationRequired);
    }

    private static async Task<(bool Entered, MerchantIdentity? Identity, string? Refusal)> EnterAsync(
        object[]? metadata, string? token)
    {
        var entered = false;
        var door = new IdentityMiddleware(
            _ =>
            {
                entered = true;
                return Task.CompletedTask;
            },
            TestIdentity.Verifier(
                "Kobbopay.Payments", Clock, ("gateway", TestIdentity.Key), ("webhooks", TestIdentity.OtherKey)),
            NullLogger<IdentityMiddleware>.Instance);
        var http = new DefaultHttpContext();
        if (metadata is not null)
            http.SetEndpoint(new Endpoint(null, new EndpointMetadataCollection(metadata), "a route"));
        if (token is not null)
            http.Request.Headers[IdentityToken.Header] = token;

        try
        {
            await door.InvokeAsync(http);
            return (entered, http.Features.Get<MerchantIdentity>(), null);
        }
        catch (ProblemException refusal)
        {
            entered.Should().BeFalse();
            return (false, null, refusal.Code);
        }
    }

    private static string OwnToken(IdentityIssuer issuer)
    {
        using var call = new HttpRequestMessage();
        issuer.SignCall("payments", call.Headers);
        return call.Headers.GetValues(IdentityToken.Header).Single();
    }
}
