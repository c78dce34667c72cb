namespace Kobbopay.Cli.Running;

/// <summary>A failure that the tool itself has found, with what to do next.</summary>
internal sealed class CliException(string message, string next, int exitCode = ExitCodes.Refused) : Exception(message)
{
    public string Next => next;

    public int ExitCode => exitCode;
}
