using Kobbopay.Cli.Running;

namespace Kobbopay.Cli;

/// <summary>The tool's entry.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => new Kobbo(Terminal.OfProcess()).RunAsync(args);
}
