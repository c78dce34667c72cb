using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Rails.Simulator;

/// <summary>What a simulator chain's provider does.</summary>
public enum ProviderMode
{
    Ok,

    /// <summary>It shows nothing newer than it had when it fell behind, and says so.</summary>
    Delay,

    /// <summary>It answers nothing.</summary>
    Fail,
}

/// <summary>What no real chain lets one do: moving its clock, and breaking its provider.</summary>
public sealed partial class SimulatorChain
{
    /// <summary>
    /// How far a sandbox clock may be ahead in all: far from what a timestamp can hold, and nobody gets there by
    /// testing.
    /// </summary>
    private static readonly TimeSpan OffsetLimit = TimeSpan.FromDays(36_500);

    /// <summary>
    /// Moves the merchant's sandbox clock on and mines a block with the new time, from which expiry and late windows
    /// follow. What waits by the real clock moves as much nearer: the grace of reverted payments, and, by a message,
    /// the next attempts of test webhooks.
    /// </summary>
    /// <returns>The new head and how far the clock is ahead; null when it would be too far.</returns>
    public Task<(SimulatorHead Head, TimeSpan Offset)?> AdvanceAsync(
        string chain,
        TimeSpan by,
        CancellationToken cancellation,
        Action<NpgsqlBatch, SimulatorHead, TimeSpan>? alongside = null,
        NpgsqlConnection? within = null) =>
        ChangeAsync<(SimulatorHead, TimeSpan)?>(chain, within, async (connection, held) =>
        {
            var offset = held.Offset + by;
            if (offset > OffsetLimit)
                return null;

            var merchant = SimulatorRail.MerchantOf(chain);
            await using var batch = connection.CreateBatch();
            var settings = batch.Add("""
                update merchant_settings set clock_offset = $2, version = version + 1
                where merchant_id = $1 and environment = 'test'
                """);
            settings.AddId(merchant);
            settings.AddInterval(offset);
            var head = AddBlocks(batch, held with { Offset = offset }, held.Head, 1);
            PaymentChanges.AddRevertedEarlier(batch, chain, by);
            batch.Add(Id.New(clock), new SandboxClockAdvanced(merchant, (long)offset.TotalSeconds));
            alongside?.Invoke(batch, head, offset);
            await batch.ExecuteNonQueryAsync(cancellation);
            return (head, offset);
        }, cancellation);

    /// <summary>Makes the chain's provider fail or fall behind until a time of the real clock, or ends that.</summary>
    /// <param name="until">Null for <see cref="ProviderMode.Ok"/>.</param>
    public Task<SimulatorHead> SetProviderAsync(
        string chain,
        ProviderMode mode,
        DateTimeOffset? until,
        CancellationToken cancellation,
        Action<NpgsqlBatch, SimulatorHead>? alongside = null,
        NpgsqlConnection? within = null) =>
        ChangeAsync(chain, within, async (connection, held) =>
        {
            await using var batch = connection.CreateBatch();
            // One that is behind already does not catch up by being told again.
            var provider = batch.Add("""
                update simulator_chains set provider_mode = $2, provider_until = $3,
                  provider_head = case when $2 = 'delay' then
                    case when provider_mode = 'delay' and provider_until > $4 then provider_head else head end end
                where chain = $1
                """);
            provider.AddText(chain);
            provider.AddText(NameOf(mode));
            provider.AddTime(until);
            provider.AddTime(clock.Now());
            alongside?.Invoke(batch, held.Head);
            await batch.ExecuteNonQueryAsync(cancellation);
            return held.Head;
        }, cancellation);

    internal static string NameOf(ProviderMode mode) => mode.ToString().ToLowerInvariant();
}
