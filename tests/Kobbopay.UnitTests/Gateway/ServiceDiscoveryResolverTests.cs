using Kobbopay.Gateway;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.ServiceDiscovery;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.UnitTests.Gateway;

public sealed class ServiceDiscoveryResolverTests : IAsyncDisposable
{
    private const string One = "http://10.0.0.1:8080";
    private const string Two = "http://10.0.0.2:8080";

    private readonly FakeTimeProvider _clock = new();
    private readonly ServiceProvider _services;
    private readonly ServiceDiscoveryResolver _resolver;

    public ServiceDiscoveryResolverTests()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
            [new("services:payments:http:0", One), new("services:payments:http:1", Two)]).Build();
        _services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration).AddServiceDiscovery().BuildServiceProvider();
        _resolver = new ServiceDiscoveryResolver(_services.GetRequiredService<ServiceEndpointResolver>(), _clock);
    }

    [Fact]
    public async Task Replicas_take_turns()
    {
        (await ManyAsync(4)).Should().BeEquivalentTo([One, Two, One, Two]);
    }

    [Fact]
    public async Task One_that_failed_is_left_out_for_a_moment_and_then_tried_by_one_request()
    {
        _resolver.Failed(One);
        (await ManyAsync(4)).Should().OnlyContain(destination => destination == Two);

        _clock.Advance(ServiceDiscoveryResolver.LeftOut);
        (await ManyAsync(6)).Should().ContainSingle(destination => destination == One);

        _resolver.Reached(One);
        (await ManyAsync(4)).Should().BeEquivalentTo([One, Two, One, Two]);
    }

    [Fact]
    public async Task When_all_have_failed_there_is_none()
    {
        _resolver.Failed(One);
        _resolver.Failed(Two);

        (await ManyAsync(2)).Should().OnlyContain(destination => destination == null);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private async Task<List<string?>> ManyAsync(int count)
    {
        var destinations = new List<string?>();
        for (var i = 0; i < count; i++)
        {
            var destination = await _resolver.ResolveAsync("payments", TestContext.Current.CancellationToken);
            destinations.Add(destination);
        }

        return destinations;
    }
}
