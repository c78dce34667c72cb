using System.Globalization;
using Kobbopay.LocalServers;

namespace Kobbopay.Testing;

/// <summary>
/// One PostgreSQL and one RabbitMQ for the whole test process, started when a test first asks and stopped at the
/// process's end. Tests never share data: take a <see cref="TestDatabase"/> and a <see cref="TestBroker"/> each.
/// <para>
/// Servers that run already are used instead when these are set: <c>KOBBOPAY_TEST_POSTGRES</c>, an Npgsql keyword
/// string of a user who may create databases; <c>KOBBOPAY_TEST_RABBITMQ</c>, an <c>amqp://</c> URI, together with
/// <c>KOBBOPAY_TEST_RABBITMQ_MANAGEMENT</c>, the management plugin's <c>http://</c> URI for the same user.
/// </para>
/// A test that stops a server starts one of its own with <see cref="PostgresServer"/> or <see cref="RabbitMqServer"/>
/// in <see cref="NewFolder"/>.
/// </summary>
public static class Servers
{
    private static readonly Lazy<string> Root = new(MakeRoot);
    private static readonly Lazy<Task<PostgresServer>> OwnPostgres = new(() => PostgresServer.StartAsync(
        new PostgresSettings(NewFolder("postgres")) { Durable = false }, CancellationToken.None));

    private static readonly Lazy<Task<RabbitMqServer>> OwnRabbitMq = new(() => RabbitMqServer.StartAsync(
        new RabbitMqSettings(NewFolder("rabbitmq")), CancellationToken.None));

    private static readonly List<Func<Task>> AtEnd = [];

    internal static string? ExternalPostgres => Variable("KOBBOPAY_TEST_POSTGRES");

    internal static Uri? ExternalRabbitMq => Variable("KOBBOPAY_TEST_RABBITMQ") is { } uri ? new Uri(uri) : null;

    internal static Uri ExternalManagement => new(Variable("KOBBOPAY_TEST_RABBITMQ_MANAGEMENT")
        ?? throw new InvalidOperationException(
            "KOBBOPAY_TEST_RABBITMQ needs KOBBOPAY_TEST_RABBITMQ_MANAGEMENT beside it."));

    /// <summary>Npgsql keyword string of the maintenance database.</summary>
    public static async Task<string> PostgresAsync() => ExternalPostgres ?? (await OwnPostgres.Value).ConnectionString;

    /// <summary>
    /// An empty folder's path under this process's own, which is deleted at the end; servers' users can reach it.
    /// </summary>
    public static string NewFolder(string name) =>
        Path.Combine(Root.Value, string.Create(CultureInfo.InvariantCulture, $"{name}-{Random.Shared.Next():x8}"));

    internal static Task<RabbitMqServer> RabbitMqAsync() => OwnRabbitMq.Value;

    /// <summary>What has to be undone outside of our own servers, before they stop.</summary>
    internal static void OnEnd(Func<Task> action)
    {
        lock (AtEnd)
            AtEnd.Add(action);
    }

    private static string? Variable(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string MakeRoot()
    {
        DeleteLeftovers();
        var root = Path.Combine(Path.GetTempPath(), $"kobbopay-tests-{Environment.ProcessId}");
        Directory.CreateDirectory(root);
        // Open to the servers' users, who pass through to folders of their own.
        File.SetUnixFileMode(root, (UnixFileMode)Convert.ToInt32("711", 8));
        AppDomain.CurrentDomain.ProcessExit += (_, _) => StopAllAsync(root).GetAwaiter().GetResult();
        return root;
    }

    // A test process that was killed could not delete its folder (its servers were ended by the kernel).
    private static void DeleteLeftovers()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), "kobbopay-tests-*"))
        {
            if (Directory.Exists("/proc/" + folder[(folder.LastIndexOf('-') + 1)..]))
                continue;
            Delete(folder);
        }
    }

    private static async Task StopAllAsync(string root)
    {
        foreach (var action in AtEnd)
            await action();
        await Task.WhenAll(
            OwnPostgres.IsValueCreated ? StopAsync(OwnPostgres.Value) : Task.CompletedTask,
            OwnRabbitMq.IsValueCreated ? StopAsync(OwnRabbitMq.Value) : Task.CompletedTask);
        Delete(root);
    }

    private static async Task StopAsync<T>(Task<T> starting)
        where T : IAsyncDisposable
    {
        await starting.ContinueWith(_ => { }, TaskScheduler.Default);
        if (starting.IsCompletedSuccessfully)
            await (await starting).DisposeAsync();
    }

    private static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, or being deleted by another test process.
        }
    }
}
