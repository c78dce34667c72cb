using System.Diagnostics.Metrics;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>What is told of the providers' states: each change in a line, all of them as a metric.</summary>
internal sealed partial class ProviderPool
{
    private static readonly Dictionary<ProviderState, string> StateNames = new()
    {
        [ProviderState.Unknown] = "unknown",
        [ProviderState.Good] = "good",
        [ProviderState.Failing] = "failing",
        [ProviderState.WrongChain] = "wrong_chain",
        [ProviderState.Lagging] = "lagging",
        [ProviderState.Disagreeing] = "disagreeing",
    };

    private void Judge(Provider provider, bool isFarOff, long reached)
    {
        var (number, host, lag) = (provider.Client.Number, provider.Client.Host, reached - provider.Head.Number);
        if (isFarOff && lag > 0)
        {
            if (provider.Becomes(ProviderState.Lagging))
                LogLagging(number, host, _network, lag);
        }
        else if (isFarOff || provider.Standing != Standing.Sound)
        {
            if (provider.Becomes(ProviderState.Disagreeing))
                LogDisagreeing(number, host, _network);
        }
        else if (provider.Becomes(ProviderState.Good))
        {
            LogGood(number, host, _network);
        }
    }

    private void Fails(Provider provider, ProviderException failure)
    {
        if (!provider.Fails(failure))
            return;
        if (failure.Kind == ProviderException.WrongChain)
            LogWrongChain(provider.Client.Number, provider.Client.Host, _network, failure.Message);
        else
            LogFailing(provider.Client.Number, provider.Client.Host, _network, failure.Kind, failure.Message);
    }

    private ProviderException Nobody()
    {
        var states = States;
        return new ProviderException(
            states.Any(status => status.State == ProviderState.Disagreeing)
                ? ProviderException.Disagreement
                : ProviderException.NoProvider,
            $"No provider of {_network} can be read from: " + string.Join(
                ", ", states.Select(status => $"{status.Number} {status.Failure ?? StateNames[status.State]}")));
    }

    private IEnumerable<Measurement<int>> Measure() =>
        from status in States
        from state in StateNames
        select new Measurement<int>(
            status.State == state.Key ? 1 : 0,
            new KeyValuePair<string, object?>("kobbopay.network", _network),
            new KeyValuePair<string, object?>("kobbopay.provider", status.Number),
            new KeyValuePair<string, object?>("kobbopay.state", state.Value));

    [LoggerMessage(LogLevel.Information, "Provider {Number} ({Host}) of {Network} can be read from")]
    private partial void LogGood(int number, string host, string network);

    [LoggerMessage(
        LogLevel.Warning, "Provider {Number} ({Host}) of {Network} fails with {Kind} and is left alone: {Reason}")]
    private partial void LogFailing(int number, string host, string network, string kind, string reason);

    [LoggerMessage(LogLevel.Warning, "Provider {Number} ({Host}) of {Network} is {Blocks} blocks behind")]
    private partial void LogLagging(int number, string host, string network, long blocks);

    [LoggerMessage(LogLevel.Error, "Provider {Number} ({Host}) of {Network} is not of this network. {Reason}")]
    private partial void LogWrongChain(int number, string host, string network, string reason);

    [LoggerMessage(LogLevel.Error, "Provider {Number} ({Host}) of {Network} shows another chain than others do")]
    private partial void LogDisagreeing(int number, string host, string network);
}
