namespace Kobbopay.Bench.Product;

/// <summary>
/// The simulated chain has a block twice a second while something runs, as a chain's are: of many payments each.
/// </summary>
internal static class Blocks
{
    /// <summary>The body of a payment that waits for the next of them.</summary>
    public const string LeftToThem = """{"mine": false}""";

    private const int PerSecond = 2;

    public static async Task<T> MineWhileAsync<T>(
        Workbench bench, Creates creates, Func<Task<T>> run, CancellationToken cancellation)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var mining = MineAsync(bench, creates, ended.Token);
        try
        {
            return await run();
        }
        finally
        {
            await ended.CancelAsync();
            await mining;
        }
    }

    private static async Task MineAsync(Workbench bench, Creates creates, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
            {
                using var mine = creates.Request(
                    HttpMethod.Post, "/v1/sandbox/networks/example-network/mine", throughGateway: true);
                using var mined = await bench.Http.SendAsync(mine, CancellationToken.None);
                mined.EnsureSuccessStatusCode();
            }
        }
        catch (OperationCanceledException) when (ended.IsCancellationRequested)
        {
            // All are paid.
        }
    }
}
