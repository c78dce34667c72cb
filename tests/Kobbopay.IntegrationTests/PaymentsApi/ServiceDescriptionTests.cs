using System.Text.Json.Nodes;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting.Internal;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>A service's own description, as it goes over the wire: for the gateway alone.</summary>
public sealed class ServiceDescriptionTests : IAsyncLifetime
{
    private const string Route = "/openapi/v1.json";

    private PaymentsHost? _payments;

    public async ValueTask InitializeAsync() => _payments = await PaymentsHost.StartAsync();

    public ValueTask DisposeAsync() => _payments?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task The_gateway_reads_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Route);
        new IdentityIssuer(
            new IdentityKeys(new ConfigurationBuilder().AddInMemoryCollection(
                [new("Identity:Issue:payments", PaymentsHost.GatewayKey)]).Build()),
            new HostingEnvironment { ApplicationName = "Kobbopay.Gateway" },
            TimeProvider.System).SignCall(ResourceNames.Payments, request.Headers);

        using var answer = await _payments!.Http.SendAsync(request, TestContext.Current.CancellationToken);

        ((int)answer.StatusCode).Should().Be(200);
        var document = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        ((string?)document["openapi"]).Should().StartWith("3.1");
        ((string?)document["paths"]!["/v1/payments"]!["post"]!["operationId"]).Should().Be("createPayment");
    }

    [Fact]
    public async Task Nobody_else_does()
    {
        using var anonymous = await _payments!.Http.GetAsync(
            new Uri(Route, UriKind.Relative), TestContext.Current.CancellationToken);
        var merchant = await _payments.SendAsync(HttpMethod.Get, Route);

        ((int)anonymous.StatusCode).Should().Be(404);
        merchant.Should().BeEquivalentTo(new { Status = 401, Code = "authentication_required" });
    }
}
