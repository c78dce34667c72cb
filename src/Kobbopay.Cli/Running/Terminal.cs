using System.Text;
using Spectre.Console;

namespace Kobbopay.Cli.Running;

/// <summary>Where the tool runs: its streams, its environment and its clock. Tests bring their own.</summary>
internal sealed record Terminal
{
    /// <summary>Wide enough that nothing is cut or wrapped for a program that reads lines.</summary>
    private const int WidthOfFiles = 10_000;

    public required Stream Input { get; init; }

    public required TextWriter Output { get; init; }

    public required TextWriter Error { get; init; }

    public required bool InputIsRedirected { get; init; }

    public required bool OutputIsRedirected { get; init; }

    public required bool ErrorIsRedirected { get; init; }

    public required Func<string, string?> Variable { get; init; }

    public required TimeProvider Clock { get; init; }

    public static Terminal OfProcess() => new()
    {
        Input = System.Console.OpenStandardInput(),
        Output = Utf8(System.Console.OpenStandardOutput()),
        Error = Utf8(System.Console.OpenStandardError()),
        InputIsRedirected = System.Console.IsInputRedirected,
        OutputIsRedirected = System.Console.IsOutputRedirected,
        ErrorIsRedirected = System.Console.IsErrorRedirected,
        Variable = Environment.GetEnvironmentVariable,
        Clock = TimeProvider.System,
    };

    public IAnsiConsole Console() => ConsoleOf(Output, OutputIsRedirected);

    public IAnsiConsole ErrorConsole() => ConsoleOf(Error, ErrorIsRedirected);

    private IAnsiConsole ConsoleOf(TextWriter writer, bool isRedirected)
    {
        var isPlain = isRedirected || Variable("NO_COLOR") is { Length: > 0 };
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isRedirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isPlain ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = isRedirected ? InteractionSupport.No : InteractionSupport.Detect,
            Out = new AnsiConsoleOutput(writer),
        });
        if (isRedirected)
            console.Profile.Width = WidthOfFiles;
        return console;
    }

    private static StreamWriter Utf8(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true, NewLine = NewLine };

    private static string NewLine => OperatingSystem.IsWindows() ? "\r\n" : "\n";
}
