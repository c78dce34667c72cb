using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kobbopay.Durability;

/// <summary>
/// A loop that never gives up: it runs its step, waits for its signal or its interval, and after a failure tries again
/// with a pause. It fails the service's health check when it has not got through a step for a while.
/// </summary>
public abstract partial class BackgroundLoop(TimeProvider clock, ILogger logger) : BackgroundService
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(15);

    private long _lastTick = clock.GetTimestamp();
    private volatile string? _lastError;
    private volatile bool _hasTicked;

    /// <summary>Time between polls when nothing signals: the net below the signal.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>
    /// From one step's start to the next one's at least, unless more is waiting: under load, work gathers into a batch
    /// instead of costing a transaction each, and a single piece after a quiet moment is still taken at once.
    /// </summary>
    protected virtual TimeSpan Gathering => TimeSpan.Zero;

    protected TimeProvider Clock => clock;

    /// <summary>
    /// Does one bounded piece of work. True when more is waiting, so that the next step follows at once.
    /// </summary>
    protected abstract Task<bool> RunOnceAsync(CancellationToken cancellation);

    /// <summary>Waits between steps; a loop with a <see cref="Signal{TLoop}"/> waits on that.</summary>
    protected virtual Task WaitAsync(CancellationToken cancellation) => Task.Delay(Interval, clock, cancellation);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var started = clock.GetTimestamp();
                var more = await RunOnceAsync(stoppingToken);
                Interlocked.Exchange(ref _lastTick, clock.GetTimestamp());
                _hasTicked = true;
                _lastError = null;
                failures = 0;
                if (more)
                    continue;
                await WaitAsync(stoppingToken);
                if (Gathering - clock.GetElapsedTime(started) is { Ticks: > 0 } rest)
                    await Task.Delay(rest, clock, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                _lastError = failure.GetType().Name;
                LogFailure(logger, failure, GetType().Name, ++failures);
                await PauseAsync(failures, stoppingToken);
            }
        }
    }

    /// <summary>
    /// Whether the loop has got through a step, and recently. A step that fails once heals itself; only when none gets
    /// through for a while is the service not ready.
    /// </summary>
    internal HealthCheckResult Health()
    {
        var silence = clock.GetElapsedTime(Interlocked.Read(ref _lastTick));
        var cause = _lastError is { } error ? $": {error}" : string.Empty;
        if (!_hasTicked)
            return HealthCheckResult.Unhealthy($"not through its first step yet{cause}");
        return silence < (Interval * 3) + Tolerance
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"no step got through for {silence.TotalSeconds:0} s{cause}");
    }

    private async Task PauseAsync(int failures, CancellationToken stoppingToken)
    {
        var pause = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(failures, 10)));
        await Task.Delay(pause < LongestPause ? pause : LongestPause, clock, stoppingToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [LoggerMessage(LogLevel.Warning, "{Loop} failed {Failures} times in a row; it tries again")]
    private static partial void LogFailure(ILogger logger, Exception failure, string loop, int failures);
}

public static class BackgroundLoopRegistration
{
    /// <summary>Registers the loop, its signal and its health check.</summary>
    public static IServiceCollection AddLoop<TLoop>(this IServiceCollection services)
        where TLoop : BackgroundLoop
    {
        services.AddSingleton<Signal<TLoop>>();
        services.AddSingleton<TLoop>();
        services.AddHostedService(provider => provider.GetRequiredService<TLoop>());
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            typeof(TLoop).Name, provider => new LoopHealthCheck(provider.GetRequiredService<TLoop>()), null, null));
        return services;
    }

    /// <summary>
    /// The same for one of several loops of a type, each made for something of its own; nothing but
    /// <paramref name="make"/> gives it a signal.
    /// </summary>
    /// <param name="name">Its health check's.</param>
    public static IServiceCollection AddLoop(
        this IServiceCollection services, string name, Func<IServiceProvider, BackgroundLoop> make)
    {
        services.AddKeyedSingleton(name, (provider, _) => make(provider));
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredKeyedService<BackgroundLoop>(name));
        services.AddHealthChecks().Add(new HealthCheckRegistration(
            name, provider => new LoopHealthCheck(provider.GetRequiredKeyedService<BackgroundLoop>(name)), null, null));
        return services;
    }

    private sealed class LoopHealthCheck(BackgroundLoop loop) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(loop.Health());
    }
}
