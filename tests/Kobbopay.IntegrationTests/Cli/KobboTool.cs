using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using CliWrap;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Cli;

/// <summary>The built tool as a process of its own, with a home of its own.</summary>
internal sealed class KobboTool : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static readonly string Assembly = Checkout.Built("Kobbopay.Cli", "kobbo.dll");

    private readonly Dictionary<string, string?> _environment;

    public KobboTool()
    {
        Home = Directory.CreateTempSubdirectory("kobbo-").FullName;
        _environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["XDG_CONFIG_HOME"] = Home,
            ["KOBBOPAY_URL"] = null,
            ["KOBBOPAY_API_KEY"] = null,
            ["KOBBOPAY_WEBHOOK_SECRET"] = null,
            ["DISPLAY"] = null,
            ["WAYLAND_DISPLAY"] = null,
        };
    }

    public string Home { get; }

    public string ConfigFile => Path.Combine(Home, "kobbo", "config.json");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Set(string name, string? value) => _environment[name] = value;

    /// <summary>A folder for the PATH, in which it is <c>kobbo</c>, as installed.</summary>
    public string OnPath()
    {
        var bin = Directory.CreateDirectory(Path.Combine(Home, "bin")).FullName;
        var program = Path.Combine(bin, "kobbo");
        File.WriteAllText(program, $"#!/bin/sh\nexec dotnet '{Assembly}' \"$@\"\n");
        File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return bin;
    }

    public void Dispose() => Directory.Delete(Home, recursive: true);

    public Task<KobboEnd> RunAsync(params string[] arguments) => RunWithAsync(string.Empty, arguments);

    /// <summary>Runs to the end, with this on its standard input.</summary>
    public async Task<KobboEnd> RunWithAsync(string input, params string[] arguments)
    {
        var (output, error) = (new StringBuilder(), new StringBuilder());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        var result = await Command(arguments)
            .WithStandardInputPipe(PipeSource.FromString(input))
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output))
            .WithStandardErrorPipe(PipeTarget.ToStringBuilder(error))
            .ExecuteAsync(limit.Token);
        return new KobboEnd(result.ExitCode, output.ToString(), error.ToString());
    }

    /// <summary>Runs until it is stopped as by Ctrl+C.</summary>
    public RunningKobbo Start(params string[] arguments) => new(Command(arguments));

    /// <summary>
    /// As a terminal starts it: whoever runs the tests in the background has SIGINT ignored, which children inherit.
    /// </summary>
    private Command Command(string[] arguments) => CliWrap.Cli.Wrap("env")
        .WithArguments(["--default-signal=INT", "dotnet", Assembly, .. arguments])
        .WithEnvironmentVariables(_environment)
        .WithValidation(CommandResultValidation.None);
}

/// <summary>How it ended, and what it wrote.</summary>
internal sealed record KobboEnd(int Code, string Output, string Error)
{
    public JsonElement Json => JsonElement.Parse(Output);

    public IReadOnlyList<JsonElement> JsonLines =>
        [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonElement.Parse(line))];

    public KobboEnd Should(int code)
    {
        Code.Should().Be(code, $"{Output}\n{Error}");
        return this;
    }
}

/// <summary>The tool while it runs.</summary>
internal sealed class RunningKobbo : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _error = new();
    private readonly CancellationTokenSource _kill = new();
    private readonly CommandTask<CommandResult> _running;

    public RunningKobbo(Command command) => _running = command
        .WithStandardOutputPipe(PipeTarget.ToDelegate(_output.Enqueue))
        .WithStandardErrorPipe(PipeTarget.ToDelegate(_error.Enqueue))
        .ExecuteAsync(_kill.Token);

    public IReadOnlyList<string> Lines => [.. _output];

    public string Error => string.Join('\n', _error);

    public int ProcessId => _running.ProcessId;

    /// <summary>The arguments, as all users of the machine may see them.</summary>
    public string CommandLine => File.ReadAllText($"/proc/{ProcessId}/cmdline");

    public async Task<int> InterruptAsync()
    {
        using var kill = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var stop = System.Diagnostics.Process.Start("kill", ["-INT", $"{ProcessId}"]);
        await stop.WaitForExitAsync(kill.Token);
        return (await _running.Task.WaitAsync(kill.Token)).ExitCode;
    }

    public async Task<int> EndAsync() => (await _running.Task.WaitAsync(TimeSpan.FromSeconds(60))).ExitCode;

    public async ValueTask DisposeAsync()
    {
        await _kill.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // It was running still.
        }

        _running.Dispose();
        _kill.Dispose();
    }
}
