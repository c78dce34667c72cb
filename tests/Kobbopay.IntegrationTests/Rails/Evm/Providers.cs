using System.Diagnostics.Metrics;
using Kobbopay.Payments.Rails.Evm.Rpc;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Rails.Evm;

/// <summary>Several providers of one chain, the pool that chooses among them, and what it tells.</summary>
internal sealed class Providers : ILogger<ProviderPool>, IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    private Providers(FakeEvmChain chain) => Chain = chain;

    public FakeTimeProvider Clock { get; } = new();

    public FakeEvmChain Chain { get; }

    public List<FakeEvmNode> Nodes { get; } = [];

    public ProviderPool Pool { get; private set; } = null!;

    /// <summary>Level and text of each line since the last time that they were taken.</summary>
    public List<string> Lines { get; } = [];

    public IEnumerable<ProviderState> States => Pool.States.Select(status => status.State);

    public static async Task<Providers> StartAsync(int count)
    {
        var providers = new Providers(new FakeEvmChain());
        providers.Chain.AddBlocks(50);
        for (var i = 0; i < count; i++)
            providers.Nodes.Add(await FakeEvmNode.StartAsync(providers.Chain));
        providers.Pool = new ProviderPool(
            "testnet",
            [.. providers.Nodes.Select(node => node.Url)],
            providers.Chain.ChainId,
            providers.Clock,
            providers._services.GetRequiredService<IMeterFactory>(),
            providers);
        return providers;
    }

    public FakeEvmTrouble TroubleOf(int number) => Nodes[number - 1].Trouble;

    public Task<ChosenProvider> ChooseAsync() => Pool.ChooseAsync(CancellationToken.None);

    /// <summary>The chosen provider's number.</summary>
    public async Task<int> NumberAsync() => (await ChooseAsync()).Client.Number;

    /// <summary>The kind of the failure to choose.</summary>
    public async Task<string> FailureAsync()
    {
        var choosing = ChooseAsync;
        return (await choosing.Should().ThrowAsync<ProviderException>()).Which.Kind;
    }

    /// <summary>Lets the chain go on, and as much time go by.</summary>
    public void GoOn(int seconds)
    {
        Chain.AddBlocks(seconds);
        Clock.Advance(TimeSpan.FromSeconds(seconds));
    }

    /// <summary>The lines since the last time.</summary>
    public List<string> TakeLines()
    {
        List<string> lines = [.. Lines];
        Lines.Clear();
        return lines;
    }

    /// <summary>The metric's series that are 1, as network, number, state.</summary>
    public List<string> Measure()
    {
        var series = new List<string>();
        var own = _services.GetRequiredService<IMeterFactory>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, all) =>
        {
            if (instrument.Meter.Scope == own && instrument.Name == "kobbopay.rails.provider")
                all.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<int>((_, value, tags, _) =>
        {
            if (value == 1)
                series.Add(string.Join(' ', tags.ToArray().Select(tag => tag.Value)));
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return series;
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter) => Lines.Add($"{logLevel}: {formatter(state, exception)}");

    public async ValueTask DisposeAsync()
    {
        Pool.Dispose();
        foreach (var node in Nodes)
            await node.DisposeAsync();
        await _services.DisposeAsync();
    }
}
