// Webhooks by Hangfire over PostgreSQL: each job is one signed POST. The bench sends a number: so many jobs are
// enqueued while no server runs, then one is started; "stop" ends it.
// Environment: PEER_DATABASE, PEER_TARGET, PEER_SECRET.
using System.Globalization;
using Hangfire;
using Hangfire.PostgreSql;
using Kobbopay.Bench.Hangfire;

const int Workers = 20;

GlobalConfiguration.Configuration.UsePostgreSqlStorage(
    options => options.UseNpgsqlConnection(Environment.GetEnvironmentVariable("PEER_DATABASE")),
    new PostgreSqlStorageOptions
    {
        QueuePollInterval = TimeSpan.FromMilliseconds(50),
        EnableLongPolling = true,
        UseSlidingInvisibilityTimeout = true,
    });
var jobs = new BackgroundJobClient();
BackgroundJobServer? server = null;
Console.WriteLine("ready");
while (await Console.In.ReadLineAsync() is { } line)
{
    if (line == "stop")
    {
        server?.Dispose();
        Console.WriteLine("stopped");
        continue;
    }

    var aFew = new ParallelOptions { MaxDegreeOfParallelism = Workers };
    Parallel.For(0, int.Parse(line, CultureInfo.InvariantCulture), aFew, _ =>
    {
        var id = Webhook.NewId();
        var body = Webhook.Body(id);
        jobs.Enqueue(() => Webhook.PostAsync(id, body));
    });
    server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = Workers });
    Console.WriteLine("started");
}
