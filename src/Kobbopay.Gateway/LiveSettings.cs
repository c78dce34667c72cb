using Microsoft.Extensions.Primitives;

namespace Kobbopay.Gateway;

/// <summary>
/// A section of the configuration as it is now. One that can't be read stops the start; once the gateway runs, it is
/// reported and the last good one stays: a slip in a file must not turn requests away. So does one in a file that is no
/// JSON at all, of which the framework would say nothing.
/// </summary>
public sealed partial class LiveSettings<T> : IDisposable
    where T : class
{
    private readonly IDisposable _subscription;
    private volatile T _now;

    public LiveSettings(
        ConfigurationManager configuration, string section, Func<IConfiguration, T> read, ILogger logger)
    {
        _now = read(configuration.GetSection(section));
        foreach (var file in configuration.Sources.OfType<FileConfigurationSource>())
            file.OnLoadException += unreadable => LogKept(logger, section, unreadable.Exception.Message);
        _subscription = ChangeToken.OnChange(((IConfiguration)configuration).GetReloadToken, () =>
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
