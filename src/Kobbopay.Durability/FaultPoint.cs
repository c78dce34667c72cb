using System.Diagnostics;

namespace Kobbopay.Durability;

/// <summary>
/// The steps between which a crash must cost nothing but time. A test arms one by <c>KOBBOPAY_FAULT_POINT</c>
/// (<c>name</c>, or <c>name:3</c> for its third pass) in the Development environment, and the process then ends itself
/// there as <c>kill -9</c> would; otherwise a pass does nothing.
/// </summary>
public static class FaultPoint
{
    private static readonly (string Name, int Pass)? Armed = Parse(
        Environment.GetEnvironmentVariable("KOBBOPAY_FAULT_POINT"),
        Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT"));

    private static int passes;

    public static void Pass(string name)
    {
        if (Armed is not { } armed || !string.Equals(armed.Name, name, StringComparison.Ordinal)
            || Interlocked.Increment(ref passes) != armed.Pass)
            return;

        using var self = Process.GetCurrentProcess();
        self.Kill();
        // The signal may take a moment, and nothing may happen in it.
        using var never = new ManualResetEventSlim();
        never.Wait();
    }

    private static (string Name, int Pass)? Parse(string? text, string? environment) =>
        text is { Length: > 0 } && string.Equals(environment, "Development", StringComparison.Ordinal)
            ? text.Split(':') is [var name, var pass] ? (name, int.Parse(pass)) : (text, 1)
            : null;
}
