using Microsoft.Extensions.Primitives;

namespace Kobbopay.Gateway;

/// <summary>
/// A section of the configuration as it is now. One that can't be read stops the start; once the gateway runs, it is
/// reported and the last good one stays: a slip in a file must not turn requests away.
/// </summary>
public sealed partial class LiveSettings<T> : IDisposable
    where T : class
{
    private readonly IDisposable _subscription;
    private volatile T _now;

    public LiveSettings(IConfiguration configuration, string section, Func<IConfiguration, T> read, ILogger logger)
    {
        _now = read(configuration.GetSection(section));
        _subscription = ChangeToken.OnChange(configuration.GetReloadToken, () =>
        {
            try
            {
                _now = read(configuration.GetSection(section));
            }
            catch (Exception problem)
            {
                LogKept(logger, section, problem.Message);
            }
        });
    }

    public T Now => _now;

    public void Dispose() => _subscription.Dispose();

    [LoggerMessage(LogLevel.Error, "The configuration of {Section} is not valid, so it stays as it was: {Reason}")]
    private static partial void LogKept(ILogger logger, string section, string reason);
}

public static class LiveSettingsRegistration
{
    public static void AddLiveSettings<T>(
        this WebApplicationBuilder builder, string section, Func<IConfiguration, T> read)
        where T : class =>
        builder.Services.AddSingleton(services => new LiveSettings<T>(
            builder.Configuration, section, read, services.GetRequiredService<ILogger<LiveSettings<T>>>()));
}
