// The benchmarks of bench/README.md: dotnet run -c Release --project bench/Kobbopay.Bench -- [names] [--quick]
// The bare servers are this program again, started with a role's name.
using System.Diagnostics;
using System.Reflection;
using Kobbopay.Bench;
using Kobbopay.Bench.Measure;
using Kobbopay.Bench.Roles;

switch (args)
{
    case [HelloRole.Name]:
        await HelloRole.ServeAsync();
        return 0;
    case [ProxyRole.Name, var target]:
        await ProxyRole.ServeAsync(target);
        return 0;
    case [SelectRole.Name, var database]:
        await SelectRole.ServeAsync(database);
        return 0;
    case [ReceiverRole.Name, var secret, var wholeLoopback]:
        await ReceiverRole.ServeAsync(secret, bool.Parse(wholeLoopback));
        return 0;
    case [CollectorRole.Name]:
        await CollectorRole.ServeAsync();
        return 0;
    default:
        break;
}

if (typeof(Program).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true })
{
    await Console.Error.WriteLineAsync("Figures of a debug build say nothing: run with -c Release.");
    return 1;
}

using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(150), TimeProvider.System);
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    limit.Cancel();
};
var names = args.Where(argument => !argument.StartsWith('-')).ToArray();
var plan = args.Contains("--quick", StringComparer.Ordinal) ? Plan.Quick : Plan.Full;
return await Suite.RunAsync(names, plan, limit.Token);
