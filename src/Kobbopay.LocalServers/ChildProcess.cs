using System.Diagnostics;

namespace Kobbopay.LocalServers;

/// <summary>
/// What to start. <see cref="Environment"/> is added to this process's own, unless <see cref="CleanEnvironment"/>.
/// </summary>
public sealed record ChildCommand(string Name, string FileName, IReadOnlyList<string> Arguments)
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
    public bool CleanEnvironment { get; init; }
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>The user to become; only root may, and null stays who we are.</summary>
    public string? User { get; init; }

    /// <summary>What a polite stop sends, and what the kernel sends when this process dies without a stop.</summary>
    public StopSignal Signal { get; init; } = StopSignal.Terminate;

    /// <summary>Where the process id is recorded, so that a next start can end what a crash left behind.</summary>
    public string? PidFile { get; init; }

    /// <summary>
    /// Whether lines will be sent to its input (<see cref="ChildProcess.SendLineAsync"/>); else that is empty.
    /// </summary>
    public bool HasInput { get; init; }

    /// <summary>Called with each line of output, stdout's and stderr's mixed, one at a time.</summary>
    public Action<string>? OnLine { get; init; }
}

/// <summary>How a child ended: 128 + n is the death by signal n; with its last lines of output.</summary>
public sealed record ChildExit(int Code, IReadOnlyList<string> LastLines)
{
    public string Reason => Code > 128 ? $"ended by signal {Code - 128}" : $"exit code {Code}";

    /// <summary>The last lines, each indented, or a word that there were none.</summary>
    public string Tail => LastLines.Count == 0
        ? "    (it wrote nothing)"
        : string.Join('\n', LastLines.Select(line => "    " + line));
}

/// <summary>
/// A child process in a session of its own, so that Ctrl+C in the terminal reaches this process alone and the order of
/// stopping stays ours. The kernel signals the child should this process die without stopping it.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptLines = 30;
    private static readonly TimeSpan Drain = TimeSpan.FromMilliseconds(500);

    private readonly Process process;
    private readonly ChildCommand command;
    private readonly Queue<string> lastLines = new();
    private readonly Lock gate = new();

    private ChildProcess(ChildCommand command, Process process)
    {
        this.command = command;
        this.process = process;
        Id = process.Id;
        Exited = ObserveAsync();
    }

    public int Id { get; }

    /// <summary>Completes, never fails, when the process has ended.</summary>
    public Task<ChildExit> Exited { get; }

    /// <summary>
    /// Starts the process, after ending the one that a crash left behind under the same record. Fails with
    /// Win32Exception when there is no setsid (package util-linux).
    /// </summary>
    public static async Task<ChildProcess> StartAsync(ChildCommand command, CancellationToken cancellationToken)
    {
        if (command.PidFile is { } stale)
            await ProcessRecord.EndStaleAsync(stale, command.Signal, cancellationToken);

        var started = new Process { StartInfo = StartInfo(command) };
        await LauncherThread.RunAsync(started.Start);
        if (!command.HasInput)
            started.StandardInput.Close();
        if (command.PidFile is { } file)
            ProcessRecord.Write(file, started.Id);
        return new ChildProcess(command, started);
    }

    /// <summary>Runs a short command to its end; fails with its output unless it exits with 0.</summary>
    public static async Task RunAsync(ChildCommand command, CancellationToken cancellationToken)
    {
        await using var child = await StartAsync(command, cancellationToken);
        var exit = await child.Exited.WaitAsync(cancellationToken);
        if (exit.Code != 0)
            throw new LocalServerException($"{command.Name} failed ({exit.Reason}):\n{exit.Tail}");
    }

    public async Task SendLineAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>
    /// Asks the process to end and, after <paramref name="patience"/>, ends it and its group by SIGKILL.
    /// </summary>
    public async Task<ChildExit> StopAsync(TimeSpan patience)
    {
        if (!Exited.IsCompleted)
            Signals.Send(Id, command.Signal);
        await Task.WhenAny(Exited, Task.Delay(patience, TimeProvider.System));
        return await KillAsync();
    }

    /// <summary>Ends the process and whatever is left of its group by SIGKILL.</summary>
    public async Task<ChildExit> KillAsync()
    {
        // Both: a child that was started a moment ago leads no group yet.
        if (!Exited.IsCompleted)
            Signals.Send(Id, StopSignal.Kill);
        Signals.KillGroup(Id);
        var exit = await Exited;
        if (command.PidFile is { } file)
            File.Delete(file);
        return exit;
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        process.Dispose();
    }

    private static ProcessStartInfo StartInfo(ChildCommand command)
    {
        var start = new ProcessStartInfo("setsid")
        {
            WorkingDirectory = command.WorkingDirectory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("setpriv");
        if (command.User is { } user)
        {
            foreach (var argument in (string[])["--reuid", user, "--regid", user, "--init-groups"])
                start.ArgumentList.Add(argument);
        }

        start.ArgumentList.Add("--pdeathsig");
        start.ArgumentList.Add(Signals.Name(command.Signal));
        start.ArgumentList.Add("--");
        start.ArgumentList.Add(command.FileName);
        foreach (var argument in command.Arguments)
            start.ArgumentList.Add(argument);

        if (command.CleanEnvironment)
        {
            start.Environment.Clear();
            start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
            start.Environment["LANG"] = "C.UTF-8";
        }

        foreach (var (name, value) in command.Environment)
            start.Environment[name] = value;
        return start;
    }

    private async Task<ChildExit> ObserveAsync()
    {
        var pumps = Task.WhenAll(PumpAsync(process.StandardOutput), PumpAsync(process.StandardError));
        await process.WaitForExitAsync(CancellationToken.None);
        // A grandchild may hold the pipes open: what was written by now is read, more is not waited for.
        await Task.WhenAny(pumps, Task.Delay(Drain, TimeProvider.System));
        lock (gate)
            return new ChildExit(process.ExitCode, [.. lastLines]);
    }

    private async Task PumpAsync(StreamReader reader)
    {
        // The first read must not run on the caller's thread: the constructor is not done yet.
        await Task.Yield();
        try
        {
            while (await reader.ReadLineAsync(CancellationToken.None) is { } line)
                Take(line);
        }
        catch (Exception problem) when (problem is IOException or ObjectDisposedException)
        {
            // The pipe ended with the process.
        }
    }

    private void Take(string line)
    {
        if (string.IsNullOrWhiteSpace(line))
            return;
        lock (gate)
        {
            lastLines.Enqueue(line);
            if (lastLines.Count > KeptLines)
                lastLines.Dequeue();
            command.OnLine?.Invoke(line);
        }
    }
}
