using System.Runtime.InteropServices;

namespace Kobbopay.LocalServers;

/// <summary>
/// How a child is asked to end, by number: PostgreSQL ends at once on SIGINT, everything else on SIGTERM.
/// </summary>
public enum StopSignal
{
    None = 0,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
}

/// <summary>kill(2): .NET can only send SIGKILL. A process that is gone already is no error.</summary>
internal static partial class Signals
{
    public static void Send(int process, StopSignal signal) => _ = Kill(process, (int)signal);

    public static void KillGroup(int leader) => _ = Kill(-leader, (int)StopSignal.Kill);

    public static string Name(StopSignal signal) => signal switch
    {
        StopSignal.Interrupt => "INT",
        StopSignal.Kill => "KILL",
        _ => "TERM",
    };

    [LibraryImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Kill(int process, int signal);
}
