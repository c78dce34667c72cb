using Kobbopay.Durability;
using Kobbopay.Payments.Rails.Simulator;

namespace Kobbopay.Payments.Rails;

public static class RailRegistration
{
    /// <summary>The rails of this installation, and what scans and moves them.</summary>
    public static IServiceCollection AddRails(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<IRail, SimulatorRail>();
        services.AddSingleton<SimulatorChain>();
        services.AddSingleton<RailCatalog>();
        services.AddSingleton<ExpirePayments>();
        services.AddSingleton<ChainDelay>();
        services.AddSingleton<DelayedChains>();
        services.AddSingleton<ChainScan>();
        services.AddLoop<RailScanner>();
        if (configuration.GetValue<TimeSpan?>(BlockClock.IntervalKey) is not null)
            services.AddLoop<BlockClock>();
        return services;
    }
}
