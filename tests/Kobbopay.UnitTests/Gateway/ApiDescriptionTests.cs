using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using Kobbopay.Gateway.Docs;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Gateway;

public sealed class ApiDescriptionTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly ScriptedServices _services = new();
    private readonly ApiDescription _description;

    public ApiDescriptionTests() =>
        _description = new ApiDescription(_services, _clock, NullLogger<ApiDescription>.Instance);

    public void Dispose()
    {
        _description.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task It_is_asked_for_once_a_minute_however_many_read_it()
    {
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ReadPathsAsync()));
        _clock.Advance(ApiDescription.KeptFor - TimeSpan.FromSeconds(1));
        (await ReadPathsAsync()).Should().Equal("/v1/payments", "/v1/publicstatus", "/v1/webhooks");
        _services.Asked.Should().Be(3);

        _services.Paths["payments"] = "/v1/rails";
        _clock.Advance(TimeSpan.FromSeconds(1));
        (await ReadPathsAsync()).Should().Equal("/v1/publicstatus", "/v1/rails", "/v1/webhooks");
        _services.Asked.Should().Be(6);
    }

    [Fact]
    public async Task What_a_service_said_stays_while_it_is_away_and_it_is_asked_again_soon()
    {
        await ReadPathsAsync();
        _services.Paths["webhooks"] = null;
        _services.Paths["payments"] = "/v1/rails";
        _clock.Advance(ApiDescription.KeptFor);
        (await ReadPathsAsync()).Should().Equal("/v1/publicstatus", "/v1/rails", "/v1/webhooks");

        _services.Paths["webhooks"] = "/v1/hooks";
        _clock.Advance(ApiDescription.RetriedAfter);
        (await ReadPathsAsync()).Should().Equal("/v1/hooks", "/v1/publicstatus", "/v1/rails");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no JSON")]
    public async Task There_is_none_until_every_service_has_been_heard(string? instead)
    {
        _services.Paths["publicstatus"] = instead;
        (await ReadPathsAsync()).Should().BeNull();
        (await ReadPathsAsync()).Should().BeNull();
        _services.Asked.Should().Be(3);

        _services.Paths["publicstatus"] = "/v1/public";
        _clock.Advance(ApiDescription.RetriedAfter);
        (await ReadPathsAsync()).Should().Equal("/v1/payments", "/v1/public", "/v1/webhooks");
    }

    private async Task<string[]?> ReadPathsAsync() =>
        await _description.ReadAsync(TestContext.Current.CancellationToken) is { } merged
            ? [.. JsonNode.Parse(merged.Bytes)!["paths"]!.AsObject().Select(path => path.Key)]
            : null;

    /// <summary>The services behind the gateway's clients, each with one path; null when it is away.</summary>
    private sealed class ScriptedServices : HttpMessageHandler, IHttpClientFactory
    {
        private int _asked;

        public ConcurrentDictionary<string, string?> Paths { get; } = new()
        {
            ["payments"] = "/v1/payments",
            ["webhooks"] = "/v1/webhooks",
            ["publicstatus"] = "/v1/publicstatus",
        };

        public int Asked => _asked;

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false)
        {
            BaseAddress = new Uri($"http://{name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..]}"),
        };

        protected override async Task<HttpResponseMessage> SendAsync(
            HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            await Task.Yield();
            request.RequestUri!.AbsolutePath.Should().Be("/openapi/v1.json");
            var path = Paths[request.RequestUri.Host];
            return new HttpResponseMessage(path is null ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK)
            {
                Content = new StringContent(path is ['/', ..]
                    ? $$"""{"openapi":"3.1.1","paths":{"{{path}}":{} },"info":{} }"""
                    : "no JSON"),
            };
        }
    }
}
