using Kobbopay.Durability;
using Kobbopay.Payments.Rails.Evm;
using Kobbopay.Payments.Rails.Simulator;
using Npgsql;

namespace Kobbopay.Payments.Rails;

public static class RailRegistration
{
    /// <summary>The rails of this installation, and what scans and moves them.</summary>
    public static IServiceCollection AddRails(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<SimulatorRail>();
        services.AddSingleton<SimulatorChain>();
        services.AddSingleton<RailCatalog>();
        services.AddSingleton<ExpirePayments>();
        services.AddSingleton<ChainDelay>();
        services.AddSingleton<DelayedChains>();
        services.AddSingleton<ChainScan>();
        // The simulator's chains move by requests, which wake its scanner; nobody wakes another network's.
        services.AddSingleton<Signal<RailScanner>>();
        services.AddRail(
            SimulatorRail.Name,
            provider => provider.GetRequiredService<SimulatorRail>(),
            provider => provider.GetRequiredService<Signal<RailScanner>>());
        if (configuration.GetValue<TimeSpan?>(BlockClock.IntervalKey) is not null)
            services.AddLoop<BlockClock>();

        foreach (var network in EvmNetwork.ReadAll(configuration))
        {
            services.AddKeyedSingleton(
                network.Name, (provider, _) => ActivatorUtilities.CreateInstance<EvmRail>(provider, network));
            services.AddRail(
                network.Name,
                provider => provider.GetRequiredKeyedService<EvmRail>(network.Name),
                _ => new Signal<RailScanner>());
        }

        services.AddHostedService<KnownNetworks>();
        return services;
    }

    private static void AddRail(
        this IServiceCollection services,
        string network,
        Func<IServiceProvider, IRail> rail,
        Func<IServiceProvider, Signal<RailScanner>> signal)
    {
        services.AddSingleton(rail);
        services.AddLoop(
            $"{nameof(RailScanner)} {network}",
            provider => ActivatorUtilities.CreateInstance<RailScanner>(provider, rail(provider), signal(provider)));
    }
}

/// <summary>
/// Refuses to start without a network that payments exist on: nobody would watch their addresses. One that is to take
/// no more payments stays configured with <c>Enabled</c> false.
/// </summary>
internal sealed class KnownNetworks(NpgsqlDataSource database, RailCatalog rails) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(
            "select network from chains where network <> all($1) order by network limit 1");
        command.Parameters.AddTexts([.. rails.All.Select(rail => rail.Network)]);
        if (await command.ExecuteScalarAsync(cancellationToken) is string unknown)
        {
            throw new InvalidOperationException(
                $"Payments exist on {unknown}, which is not configured: keep its section, with Enabled false.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
