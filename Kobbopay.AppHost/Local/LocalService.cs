using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>A service run from its build output, told what Aspire would tell it.</summary>
internal sealed class LocalService(ProjectResource service, LocalFolder folder, Output output) : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    private ChildProcess? process;
    private TcpListener? heldPort;

    public Task<ChildExit> Exited => Child.Exited;

    private ChildProcess Child => process ?? throw new InvalidOperationException(service.Name + " was never started.");

    /// <summary>
    /// Chooses the port, or takes the wanted one, and holds it until the start: two systems that start at the same time
    /// don't choose the same one.
    /// </summary>
    public void HoldPort()
    {
        service.Http.Port ??= LoopbackPorts.Free(1)[0];
        heldPort = new TcpListener(IPAddress.Loopback, service.Http.Port.Value);
        try
        {
            heldPort.Start();
        }
        catch (SocketException)
        {
            throw new PartFailedException(
                $"Port {service.Http.Port} is taken, so {service.Name} can't listen there; KOBBOPAY_PORT sets another.");
        }
    }

    /// <summary>Starts the process; <see cref="WaitForHealthAsync"/> tells when it is ready.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        Dispose();
        process = await ChildProcess.StartAsync(Command(), cancellationToken);
    }

    /// <summary>Lets go of the port.</summary>
    public void Dispose()
    {
        heldPort?.Dispose();
        heldPort = null;
    }

    public Task StopAsync() => Child.StopAsync(StopPatience);

    public Task KillAsync() => Child.KillAsync();

    /// <summary>Fails with <see cref="PartFailedException"/> when it ends first or is not healthy in time.</summary>
    public async Task WaitForHealthAsync(CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler();
        using var client = new HttpClient(handler) { Timeout = ProbePatience };
        var url = new Uri(service.Url + service.HealthPath);
        var started = Stopwatch.GetTimestamp();
        string last;
        do
        {
            if (Exited.IsCompleted)
            {
                var exit = await Exited;
                throw new PartFailedException(
                    $"{service.Name} ended while it started ({exit.Reason}); its last lines are:\n{exit.Tail}");
            }

            last = await ProbeAsync(client, url, cancellationToken);
            if (last.Length == 0)
                return;
            await Task.WhenAny(Exited, Task.Delay(Poll, TimeProvider.System, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
        while (Stopwatch.GetElapsedTime(started) < StartPatience);

        throw new PartFailedException(string.Create(
            CultureInfo.InvariantCulture,
            $"{service.Name} was not healthy within {StartPatience.TotalSeconds} s; {url} says: {last}"));
    }

    private ChildCommand Command()
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
