using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>
/// One run of the described system as local processes: each part starts when what it waits for is ready; when one ends, all
/// are stopped, in the reverse order of their start.
/// </summary>
internal sealed class LocalRun : IDisposable
{
    private readonly LocalFolder folder;
    private readonly IReadOnlyList<Resource> resources;
    private readonly Output output;
    private readonly List<Part> parts = [];
    private readonly Dictionary<Resource, Task> starts = [];
    private readonly TaskCompletionSource<string> failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ServiceStarter services;
    private volatile bool isStopping;

    public LocalRun(LocalFolder folder, IReadOnlyList<Resource> resources)
    {
        this.folder = folder;
        this.resources = resources;
        output = new Output(folder.In("logs"), resources.Max(resource => resource is ParameterResource ? 0 : resource.Name.Length));
        services = new ServiceStarter(folder, output);
    }

    /// <summary>0 after a wanted stop, 1 after a failure.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => RequestStop(signal, stopping));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => RequestStop(signal, stopping));
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => RequestStop(signal, stopping));
        try
        {
            var starting = StartAllAsync(stopping.Token);
            try
            {
                var first = await Task.WhenAny(starting, failure.Task);
                if (first == starting)
                {
                    await starting;
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
        catch (Exception problem) when (problem is LocalServerException or PartFailedException)
        {
            failure.TrySetResult(problem.Message);
        }

        if (failure.Task.IsCompleted)
            output.Fail(await failure.Task);
        await StopAllAsync();
        return failure.Task.IsCompleted ? 1 : 0;
    }

    public void Dispose() => output.Dispose();

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
        foreach (var resource in resources)
        {
            // Described before whatever waits for it, so its start is known here.
            var waits = resource.WaitsFor.Select(dependency => starts[dependency]).ToArray();
            starts[resource] = StartAsync(resource, waits, servers, cancellationToken);
        }

        await Task.WhenAll(starts.Values);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        output.Say(string.Create(CultureInfo.InvariantCulture, $"everything is ready after {seconds:0.0} s"));
        output.Show(Summary.Of(folder.In("demo.env")));
    }

    private async Task StartAsync(Resource resource, Task[] waits, string servers, CancellationToken cancellationToken)
    {
        // Ports are chosen before anybody starts: services are told each other's.
        if (resource is ProjectResource project)
            project.Http.Port ??= LoopbackPorts.Free(1)[0];
        if (resource is ProjectResource { Name: ServiceDefaults.ResourceNames.Gateway } gateway)
            folder.TellUrl(gateway.Url);
        await Task.Yield();
        await Task.WhenAll(waits);
        switch (resource)
        {
            case PostgresServerResource postgres:
                postgres.Server = await PostgresServer.StartAsync(
                    new PostgresSettings(Path.Combine(servers, "postgres")) { OnLine = line => output.Log(resource.Name, line) },
                    cancellationToken);
                Add(new Part(resource.Name, postgres.Server.Exited, postgres.Server.StopAsync));
                output.Line(resource.Name, $"ready at 127.0.0.1:{postgres.Server.Port}");
                break;
            case PostgresDatabaseResource database:
                await database.Parent.Server!.CreateDatabaseAsync(database.Name, cancellationToken);
                break;
            case RabbitMQServerResource rabbit:
                rabbit.Server = await RabbitMqServer.StartAsync(
                    new RabbitMqSettings(Path.Combine(servers, "rabbitmq")) { OnLine = line => output.Log(resource.Name, line) },
                    cancellationToken);
                Add(new Part(resource.Name, rabbit.Server.Exited, rabbit.Server.StopAsync));
                output.Line(resource.Name, $"ready at 127.0.0.1:{rabbit.Server.Uri.Port}");
                break;
            case ProjectResource service:
                await services.StartAsync(service, Add, cancellationToken);
                break;
        }
    }

    private void Add(Part part)
    {
        lock (parts)
            parts.Add(part);
        _ = WatchAsync(part);
    }

    private async Task WatchAsync(Part part)
    {
        var exit = await part.Exited;
        if (!isStopping)
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
