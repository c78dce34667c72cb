using Kobbopay.ServiceDefaults.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;

namespace Kobbopay.UnitTests.Defaults;

/// <summary>
/// The issuing and the verifying half for an application of any name, with keys as a deployment configures them.
/// </summary>
internal static class TestIdentity
{
    /// <summary>Long enough for HS512 too, so that nothing but the pinned algorithm refuses it.</summary>
    public const string Key = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
    public const string OtherKey = "GFEDCBAzyxwvutsrqponmlkjihgfedcba9876543210";

    public static IdentityIssuer Issuer(string application, string audience, TimeProvider clock, string key = Key) =>
        new(Keys(($"Identity:Issue:{audience}", key)), new Host(application), clock);

    public static IdentityVerifier Verifier(
        string application, TimeProvider clock, params (string Issuer, string Key)[] accepted) =>
        new(
            Keys([.. accepted.Select((pair, i) => ($"Identity:Accept:{pair.Issuer}:{i}", pair.Key))]),
            new Host(application),
            clock);

    private static IdentityKeys Keys(params (string Name, string Value)[] values) =>
        new(new ConfigurationBuilder()
            .AddInMemoryCollection(values.Select(pair => KeyValuePair.Create(pair.Name, (string?)pair.Value)))
            .Build());

    private sealed class Host(string application) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = Environments.Production;

        public string ApplicationName { get; set; } = application;

        public string ContentRootPath { get; set; } = "/";

        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }
}
