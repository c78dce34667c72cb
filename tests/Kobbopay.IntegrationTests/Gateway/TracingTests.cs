namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>
/// Where spans are recorded. Who listens for spans does so for the whole process, so these tests have it to themselves.
/// </summary>
[Collection(nameof(TracingTests))]
public sealed class TracingTests : GatewayHouse
{
    /// <summary>Nothing listens there, which harms nobody.</summary>
    protected override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1/",
    };

    [Fact]
    public async Task The_gateways_span_stands_between_the_callers_and_the_services()
    {
        const string traceId = "0af7651916cd43dd8448eb211c80319c";

        await SendAsync("/v1/payments", ("traceparent", $"00-{traceId}-b7ad6b7169203331-01"), ("baggage", "userId=a"));

        var headers = Payments.Single().Headers;
        headers["traceparent"].Should().StartWith($"00-{traceId}-").And.NotContain("b7ad6b7169203331");
        headers.Should().NotContainKey("baggage");
    }

    [Fact]
    public async Task Without_one_from_outside_the_gateway_starts_the_trace()
    {
        await SendAsync("/v1/payments");

        Payments.Single().Headers["traceparent"].Should().MatchRegex("^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$");
    }
}

[CollectionDefinition(nameof(TracingTests), DisableParallelization = true)]
public sealed class TracingAlone;
