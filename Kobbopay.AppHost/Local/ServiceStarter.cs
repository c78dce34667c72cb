using System.Diagnostics;
using System.Globalization;
using System.Net;
using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>Starts a service from its build output, told what Aspire would tell it, and waits for its health endpoint.</summary>
internal sealed class ServiceStarter(LocalFolder folder, Output output)
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public async Task StartAsync(ProjectResource service, Action<Part> add, CancellationToken cancellationToken)
    {
        var child = await ChildProcess.StartAsync(Command(service), cancellationToken);
        add(new Part(service.Name, child.Exited, () => child.StopAsync(StopPatience)));
        await WaitForHealthAsync(service, child, cancellationToken);
        output.Line(service.Name, "ready at " + service.Url);
    }

    private ChildCommand Command(ProjectResource service)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["ASPNETCORE_URLS"] = service.Url,
            ["OTEL_SERVICE_NAME"] = service.Name,
            // One line for a message, and of frameworks only what went wrong: this is one screen for everybody.
            ["Logging__Console__FormatterName"] = "simple",
            ["Logging__Console__FormatterOptions__SingleLine"] = "true",
            ["Logging__LogLevel__Default"] = "Information",
            ["Logging__LogLevel__Microsoft"] = "Warning",
            ["Logging__LogLevel__System"] = "Warning",
            ["Logging__LogLevel__MassTransit"] = "Warning",
            ["Logging__LogLevel__Npgsql"] = "Warning",
            // Asked ten times a second until it is healthy: what is wrong is said when the patience ends.
            ["Logging__LogLevel__Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
        };
        foreach (var (name, value) in service.Environment)
            environment[name] = value();
        return new ChildCommand(service.Name, "dotnet", [service.Metadata.AssemblyPath])
        {
            Environment = environment,
            WorkingDirectory = Path.GetDirectoryName(service.Metadata.ProjectPath)!,
            PidFile = folder.In($"pids/{service.Name}.pid"),
            OnLine = line => output.Line(service.Name, line),
        };
    }

    private static async Task WaitForHealthAsync(
        ProjectResource service, ChildProcess child, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler) { Timeout = ProbePatience };
        var url = new Uri(service.Url + service.HealthPath);
        var started = Stopwatch.GetTimestamp();
        string last;
        do
        {
            if (child.Exited.IsCompleted)
            {
                var exit = await child.Exited;
                throw new PartFailedException(
                    $"{service.Name} ended while it started ({exit.Reason}); its last lines are:\n{exit.Tail}");
            }

            last = await ProbeAsync(client, url, cancellationToken);
            if (last.Length == 0)
                return;
            await Task.WhenAny(child.Exited, Task.Delay(Poll, TimeProvider.System, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        while (Stopwatch.GetElapsedTime(started) < StartPatience);

        throw new PartFailedException(string.Create(
            CultureInfo.InvariantCulture,
            $"{service.Name} was not healthy within {StartPatience.TotalSeconds} s; {url} says: {last}"));
    }

    // Empty is healthy, else what is wrong.
    private static async Task<string> ProbeAsync(HttpClient client, Uri url, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.GetAsync(url, cancellationToken);
            return response.StatusCode == HttpStatusCode.OK
                ? ""
                : $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}";
        }
        catch (Exception problem) when (problem is HttpRequestException or TaskCanceledException
            && !cancellationToken.IsCancellationRequested)
        {
            return problem.Message;
        }
    }
}
