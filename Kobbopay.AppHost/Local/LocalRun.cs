using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>
/// One run of the described system as local processes: each part starts when what it waits for is ready; when one ends,
/// all are stopped, in the reverse order of their start.
/// </summary>
internal sealed class LocalRun : IDisposable
{
    private readonly LocalFolder folder;
    private readonly IReadOnlyList<Resource> resources;
    private readonly Output output;
    private readonly List<Part> parts = [];
    private readonly Dictionary<Resource, Task> starts = [];
    private readonly Dictionary<ProjectResource, LocalService> services;
    private readonly TaskCompletionSource<string> failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool isStopping;

    public LocalRun(LocalFolder folder, IReadOnlyList<Resource> resources)
    {
        this.folder = folder;
        this.resources = resources;
        var names = resources.Where(resource => resource is not ParameterResource).Select(resource => resource.Name);
        output = new Output(folder.In("logs"), names.Max(name => name.Length));
        services = resources.OfType<ProjectResource>()
            .ToDictionary(resource => resource, resource => new LocalService(resource, folder, output));
    }

    /// <summary>0 after a wanted stop, 1 after a failure.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        void Stop(PosixSignalContext signal) => RequestStop(signal, stopping);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        try
        {
            var starting = StartAllAsync(stopping.Token);
            try
            {
                var first = await Task.WhenAny(starting, failure.Task);
                if (first == starting)
                {
                    await starting;
                    _ = new Commands(parts, Watch, output).ListenAsync(stopping.Token);
                    await Task.WhenAny(failure.Task, UntilCanceledAsync(stopping.Token));
                }
            }
            finally
            {
                isStopping = true;
                // What is half started is waited for, or it would be forgotten by the stop.
                await stopping.CancelAsync();
                await starting.ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped by the user while starting.
        }
        catch (Exception problem)
        {
            failure.TrySetResult(Reason("Kobbopay", problem));
        }

        if (failure.Task.IsCompleted)
            output.Fail(await failure.Task);
        await StopAllAsync();
        return failure.Task.IsCompleted ? 1 : 0;
    }

    public void Dispose()
    {
        foreach (var service in services.Values)
            service.Dispose();
        output.Dispose();
    }

    private static async Task UntilCanceledAsync(CancellationToken cancellationToken)
    {
        var canceled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = cancellationToken.Register(canceled.SetResult);
        await canceled.Task;
    }

    private void RequestStop(PosixSignalContext context, CancellationTokenSource stopping)
    {
        context.Cancel = true;
        if (isStopping)
            return;
        isStopping = true;
        output.Show("");
        output.Say("stopping ...");
        // Not on the signal's thread: whoever waits for the token would run there.
        _ = Task.Run(stopping.Cancel, CancellationToken.None);
    }

    private async Task StartAllAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        output.Say("starting; logs are in " + folder.In("logs"));
        var servers = await folder.ServersFolderAsync(cancellationToken);
        if (servers != folder.Location)
            output.Say($"PostgreSQL's and RabbitMQ's users can't come into this folder: their data is in {servers}");
        // Ports are chosen before anybody starts: services are told each other's.
        foreach (var service in services.Values)
            service.HoldPort();
        folder.TellUrl(services.Keys.Single(service => service.Name == ServiceDefaults.ResourceNames.Gateway).Url);
        foreach (var resource in resources)
        {
            // Described before whatever waits for it, so its start is known here.
            var waits = resource.WaitsFor.Select(dependency => starts[dependency]).ToArray();
            starts[resource] = StartWhenAsync(resource, waits, servers, cancellationToken);
        }

        await Task.WhenAll(starts.Values);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        output.Say(string.Create(CultureInfo.InvariantCulture, $"everything is ready after {seconds:0.0} s"));
        output.Show(Summary.Of(folder.In("demo.env")));
    }

    private async Task StartWhenAsync(
        Resource resource, Task[] waits, string servers, CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await Task.WhenAll(waits);
            await StartAsync(resource, servers, cancellationToken);
        }
        catch (Exception problem) when (problem is not OperationCanceledException)
        {
            // Told at once: the others' starts need not be waited for.
            failure.TrySetResult(Reason(resource.Name, problem));
            throw;
        }
    }

    private static string Reason(string name, Exception problem) =>
        problem is LocalServerException or PartFailedException
            ? problem.Message
            : $"{name} could not be started: {problem}";

    private async Task StartAsync(Resource resource, string servers, CancellationToken cancellationToken)
    {
        switch (resource)
        {
            case PostgresServerResource postgres:
                await StartPostgresAsync(postgres, servers, cancellationToken);
                break;
            case PostgresDatabaseResource database:
                await database.Parent.Server!.CreateDatabaseAsync(database.Name, cancellationToken);
                break;
            case RabbitMQServerResource rabbit:
                await StartRabbitMqAsync(rabbit, servers, cancellationToken);
                break;
            case ExecutableResource executable:
                await StartExecutableAsync(executable, cancellationToken);
                break;
            case ProjectResource service:
                await StartServiceAsync(service, cancellationToken);
                break;
        }
    }

    private async Task StartPostgresAsync(
        PostgresServerResource resource, string servers, CancellationToken cancellationToken)
    {
        var settings = new PostgresSettings(Path.Combine(servers, "postgres"))
        {
            OnLine = line => output.Log(resource.Name, line),
        };
        var server = resource.Server = await PostgresServer.StartAsync(settings, cancellationToken);
        Add(new Part(
            resource.Name, () => server.Exited, server.StartAgainAsync, server.StopAsync, server.KillAsync));
        output.Line(resource.Name, $"ready at 127.0.0.1:{server.Port}");
    }

    private async Task StartRabbitMqAsync(
        RabbitMQServerResource resource, string servers, CancellationToken cancellationToken)
    {
        var settings = new RabbitMqSettings(Path.Combine(servers, "rabbitmq"))
        {
            OnLine = line => output.Log(resource.Name, line),
        };
        var server = resource.Server = await RabbitMqServer.StartAsync(settings, cancellationToken);
        Add(new Part(
            resource.Name, () => server.Exited, server.StartAgainAsync, server.StopAsync, server.KillAsync));
        output.Line(resource.Name, $"ready at 127.0.0.1:{server.Uri.Port}");
    }

    private async Task StartExecutableAsync(ExecutableResource resource, CancellationToken cancellationToken)
    {
        var executable = new LocalExecutable(resource, folder, output);
        await executable.StartAsync(cancellationToken);
        Add(new Part(
            resource.Name, () => executable.Exited, StartAgainAsync, executable.StopAsync, executable.KillAsync));
        await PrepareAsync(cancellationToken);
        output.Line(resource.Name, "ready at " + resource.Url);

        async Task StartAgainAsync(CancellationToken token)
        {
            await executable.StartAsync(token);
            await PrepareAsync(token);
        }

        async Task PrepareAsync(CancellationToken token)
        {
            foreach (var prepare in resource.WhenReady)
                await prepare(token);
        }
    }

    private async Task StartServiceAsync(ProjectResource resource, CancellationToken cancellationToken)
    {
        var service = services[resource];
        await service.StartAsync(cancellationToken);
        Add(new Part(resource.Name, () => service.Exited, StartAgainAsync, service.StopAsync, service.KillAsync));
        await service.WaitForHealthAsync(cancellationToken);
        output.Line(resource.Name, "ready at " + resource.Url);

        async Task StartAgainAsync(CancellationToken token)
        {
            await service.StartAsync(token);
            await service.WaitForHealthAsync(token);
        }
    }

    private void Add(Part part)
    {
        lock (parts)
            parts.Add(part);
        Watch(part);
    }

    private void Watch(Part part) => _ = WatchAsync(part);

    private async Task WatchAsync(Part part)
    {
        var exit = await part.Exited();
        if (!isStopping && !part.IsDown)
        {
            failure.TrySetResult(
                $"{part.Name} ended by itself ({exit.Reason}), so everything is stopped; " +
                $"its log is {output.LogFileOf(part.Name)} and its last lines are:\n{exit.Tail}");
        }
    }

    private async Task StopAllAsync()
    {
        isStopping = true;
        parts.Reverse();
        foreach (var part in parts)
        {
            await part.StopAsync();
            output.Say(part.Name + " stopped");
        }
    }
}
