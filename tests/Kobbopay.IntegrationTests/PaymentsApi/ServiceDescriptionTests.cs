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
        var document = await ReadAsync();

        ((string?)document["openapi"]).Should().StartWith("3.1");
        ((string?)document["paths"]!["/v1/payments"]!["post"]!["operationId"]).Should().Be("createPayment");
    }

    [Fact]
    public async Task A_payment_has_the_fields_that_are_described()
    {
        var document = await ReadAsync();
        var payment = await _payments!.CreateAsync(
            """{"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "order-123"}""");

        var described = document["components"]!["schemas"]!["Payment"]!;
        var fields = payment.Json.AsObject().Select(field => field.Key).ToArray();
        described["properties"]!.AsObject().Select(field => field.Key).Should().Equal(fields);
        described["required"]!.AsArray().Select(name => (string)name!).Should().Equal(fields);
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

    private async Task<JsonNode> ReadAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Route);
        new IdentityIssuer(
            new IdentityKeys(new ConfigurationBuilder().AddInMemoryCollection(
                [new("Identity:Issue:payments", PaymentsHost.GatewayKey)]).Build()),
            new HostingEnvironment { ApplicationName = "Kobbopay.Gateway" },
            TimeProvider.System).SignCall(ResourceNames.Payments, request.Headers);

        using var answer = await _payments!.Http.SendAsync(request, TestContext.Current.CancellationToken);

        ((int)answer.StatusCode).Should().Be(200);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }
}
