using System.Reflection;
using Kobbopay.Client;
using Kobbopay.Payments.Domain;

namespace Kobbopay.UnitTests.Sdk;

/// <summary>The names that the SDK knows are those that the server has.</summary>
public sealed class KnownNamesTests
{
    [Fact]
    public void Problem_codes() => NamesOf(typeof(KobbopayProblemCodes))
        .Should().BeEquivalentTo(Kobbopay.ServiceDefaults.Web.ProblemCodes.All.Keys);

    [Fact]
    public void Event_types() => NamesOf(typeof(KobbopayEventTypes)).Should().BeEquivalentTo(
        [.. Kobbopay.Contracts.EventTypes.All, Kobbopay.Contracts.EventTypes.WebhookTest]);

    [Fact]
    public void Scopes() => NamesOf(typeof(ApiKeyScopes)).Should().BeEquivalentTo(ServiceDefaults.Identity.Scopes.All);

    [Fact]
    public void Statuses() => NamesOf(typeof(PaymentStatuses)).Should().BeEquivalentTo(Enum.GetNames<PaymentStatus>());

    [Fact]
    public void Outcomes() => NamesOf(typeof(PaymentOutcomes))
        .Should().BeEquivalentTo(Enum.GetNames<PaymentOutcome>().Select(name => name.ToLowerInvariant()));

    [Fact]
    public void Scenarios() => NamesOf(typeof(SandboxScenarios))
        .Should().BeEquivalentTo(Kobbopay.Payments.Sandbox.Scenarios.Scripts.Keys);

    private static IEnumerable<string> NamesOf(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);
}
