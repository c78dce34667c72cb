namespace Kobbopay.Cli.Running;

/// <summary>What scripts branch on; docs/cli.md and <c>--help</c> tell the same.</summary>
internal static class ExitCodes
{
    public const int Done = 0;

    /// <summary>Refused, or a check that failed.</summary>
    public const int Refused = 1;

    public const int Usage = 2;

    /// <summary>Not logged in, or the key is refused.</summary>
    public const int NoAccess = 3;

    /// <summary>Unreachable or unavailable: the same may work later.</summary>
    public const int Unavailable = 4;

    /// <summary>As shells tell of Ctrl+C.</summary>
    public const int Interrupted = 130;

    public const string Help =
        "Exit codes: 0 done; 1 refused, or a check failed; 2 usage; 3 not logged in, or the key is refused; "
        + "4 unreachable or unavailable; 130 Ctrl+C.";
}
