using Kobbopay.Client;

namespace Kobbopay.Samples.Merchant;

/// <summary>
/// Reads the feed beside the webhooks: what a webhook could not bring (the shop was away for longer than the retries
/// last, its endpoint was disabled) is here all the same. The inbox makes of both one.
/// </summary>
internal sealed partial class CatchUp(
    KobbopayClient kobbopay, PaymentEvents events, ShopDatabase shop, TimeProvider clock, ILogger<CatchUp> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // The cursor moves in the event's own transaction: nothing is left to be stored here.
                await foreach (var one in kobbopay.Events.FollowAsync(Cursor(), cancellationToken: stoppingToken))
                    events.Take(one, one.Sequence);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // Without the feed the webhooks go on.
                LogFailed(failure);
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }

    private long? Cursor()
    {
        using var connection = shop.Open();
        using var command = connection.Command("select sequence from feed_cursor");
        return command.ExecuteScalar() as long?;
    }

    [LoggerMessage(LogLevel.Warning, "The feed can't be read; it is tried again")]
    private partial void LogFailed(Exception failure);
}
