using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;

namespace Kobbopay.IntegrationTests;

/// <summary>Signs identities as the gateway does, for a service that accepts <see cref="Key"/>.</summary>
internal static class TestGateway
{
    public const string Key = "a-key-of-the-gateway-for-one-service-in-these-tests";

    public static IdentityIssuer IssuerFor(string service) => new(
        new IdentityKeys(
            new ConfigurationBuilder().AddInMemoryCollection([new($"Identity:Issue:{service}", Key)]).Build()),
        new HostingEnvironment { ApplicationName = "Kobbopay.Gateway" },
        TimeProvider.System);

    /// <summary>The environment variable by which a service accepts it.</summary>
    public const string AcceptVariable = $"Identity__Accept__{ResourceNames.Gateway}__0";
}
