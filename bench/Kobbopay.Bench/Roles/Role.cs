using System.Net;
using Kobbopay.LocalServers;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Kobbopay.Bench.Roles;

/// <summary>One of the bare servers, as a process of its own: this program again, told the role's name.</summary>
internal sealed class Role : IAsyncDisposable
{
    private const string Announcement = "ready ";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ChildProcess child;

    private Role(ChildProcess child, Uri address)
    {
        this.child = child;
        Address = address;
    }

    public Uri Address { get; }

    public int ProcessId => child.Id;

    public static async Task<Role> StartAsync(CancellationToken cancellation, params string[] arguments)
    {
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var command = new ChildCommand(arguments[0], Environment.ProcessPath!, arguments)
        {
            OnLine = line =>
            {
                if (line.StartsWith(Announcement, StringComparison.Ordinal))
                    address.TrySetResult(new Uri(line[Announcement.Length..]));
            },
        };
        var started = await ChildProcess.StartAsync(command, cancellation);
        try
        {
            return new Role(started, await address.Task.WaitAsync(Patience, TimeProvider.System, cancellation));
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => child.DisposeAsync();

    /// <summary>A bare server on a free port of 127.0.0.1, with nothing that a service would add.</summary>
    /// <param name="wholeLoopback">On every address of 127.0.0.0/8.</param>
    public static WebApplicationBuilder BareServer(bool wholeLoopback = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            if (wholeLoopback)
                kestrel.Listen(IPAddress.Any, 0, RefuseOtherMachines);
            else
                kestrel.Listen(IPAddress.Loopback, 0);
        });
        return builder;
    }

    public static async Task ServeAsync(WebApplication app)
    {
        await app.StartAsync();
        Console.WriteLine(Announcement + app.Urls.First().Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
        await app.WaitForShutdownAsync();
    }

    /// <summary>A socket can listen on one address or on all of the machine's, not on those of a network.</summary>
    private static void RefuseOtherMachines(ListenOptions listen) => listen.Use(next => connection =>
        connection.RemoteEndPoint is IPEndPoint remote && IPAddress.IsLoopback(remote.Address)
            ? next(connection)
            : Task.CompletedTask);
}
