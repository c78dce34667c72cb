using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>
/// Outages on demand, as the stop and start of a resource in Aspire's dashboard: where input is piped in, each line is
/// <c>stop NAME</c>, <c>kill NAME</c> (SIGKILL) or <c>start NAME</c>. A terminal is never read: a run in the background
/// of a shell would be suspended for it.
/// </summary>
internal sealed class Commands(IReadOnlyList<Part> parts, Action<Part> watch, Output output)
{
    public Task ListenAsync(CancellationToken cancellationToken) => Console.IsInputRedirected
        ? Task.Factory.StartNew(
            () => ReadAsync(cancellationToken),
            cancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default).Unwrap()
        : Task.CompletedTask;

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        while (Console.In.ReadLine() is { } line && !cancellationToken.IsCancellationRequested)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words is [var verb, var name] && parts.FirstOrDefault(part => part.Name == name) is { } part)
                await RunAsync(verb, part, cancellationToken);
            else if (words is not [])
                output.Say($"not understood: {line}; it is stop, kill or start, and a name");
        }
    }

    private async Task RunAsync(string verb, Part part, CancellationToken cancellationToken)
    {
        try
        {
            switch (verb)
            {
                case "stop" or "kill" when !part.IsDown:
                    part.IsDown = true;
                    await (verb == "stop" ? part.StopAsync() : part.KillAsync());
                    output.Say($"{part.Name} is down");
                    break;
                case "start" when part.IsDown:
                    await part.StartAgainAsync(cancellationToken);
                    part.IsDown = false;
                    watch(part);
                    output.Say($"{part.Name} is up again");
                    break;
                default:
                    output.Say($"{part.Name} is {(part.IsDown ? "down" : "up")} already, or '{verb}' is no command");
                    break;
            }
        }
        catch (Exception problem) when (problem is LocalServerException or PartFailedException)
        {
            output.Fail(problem.Message);
        }
    }
}
