using System.Net.Http.Json;
using Kobbopay.Contracts;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kobbopay.Durability;

/// <summary>
/// Makes a consumer independent of the bus's memory: it moves each stream's watermark over what has arrived without a
/// gap, fetches from Payments' internal feed what is missing in a gap, and every half minute what is missing at the
/// end, so that even the last message of a purged queue comes. With the ends it learns where the sandboxes' clocks are.
/// </summary>
public sealed partial class FeedHealer(
    NpgsqlDataSource database,
    IHttpClientFactory http,
    IPaymentChangedHandler handler,
    IEnumerable<ISandboxClockHandler> sandboxClocks,
    TimeProvider clock,
    ILogger<FeedHealer> logger) : BackgroundLoop(clock, logger)
{
    /// <summary>The named client that reaches Payments with this service's identity.</summary>
    public const string HttpClientName = "payments-feed";

    private const int EventsPerFetch = 200;
    private const int HeadsPerFetch = 500;
    private static readonly TimeSpan HeadCheck = TimeSpan.FromSeconds(30);

    /// <summary>
    /// What the bus is going to bring comes within this time; the same two seconds stand in the gap query.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private long? _lastHeadCheck;
    private List<EventHead> _ahead = [];

    protected override TimeSpan Interval => TimeSpan.FromSeconds(1);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        foreach (var gap in await AdvanceAsync(cancellation))
            await FetchAsync(gap, cancellation);

        if (_lastHeadCheck is not { } last || Clock.GetElapsedTime(last) > HeadCheck)
        {
            _ahead = await AheadAsync(cancellation);
            _lastHeadCheck = Clock.GetTimestamp();
        }
        else if (_ahead.Count > 0 && Clock.GetElapsedTime(last) > Settling)
        {
            // What was ahead of us then and is missing still is not under way any more.
            foreach (var gap in await BehindAsync(_ahead, cancellation))
                await FetchAsync(gap, cancellation);
            _ahead = [];
        }

        return false;
    }

    /// <summary>Moves the watermarks and yields the gaps that have stood for more than two seconds.</summary>
    private async Task<List<Gap>> AdvanceAsync(CancellationToken cancellation)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            insert into inbox_streams (merchant_id, environment)
            select distinct merchant_id, environment from inbox
            on conflict do nothing
            """));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            with ahead as (
              select i.merchant_id, i.environment, i.sequence, s.contiguous,
                i.sequence - row_number() over (partition by i.merchant_id, i.environment order by i.sequence) as island
              from inbox i join inbox_streams s using (merchant_id, environment)
              where i.sequence > s.contiguous),
            reached as (
              select merchant_id, environment, max(sequence) as upto from ahead
              where island = contiguous group by merchant_id, environment)
            update inbox_streams s set contiguous = r.upto
            from reached r
            where s.merchant_id = r.merchant_id and s.environment = r.environment and s.contiguous < r.upto
            """));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            delete from inbox i using inbox_streams s
            where i.merchant_id = s.merchant_id and i.environment = s.environment and i.sequence <= s.contiguous
            """));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(
            """
            select s.merchant_id, s.environment, s.contiguous, min(i.sequence)
            from inbox i join inbox_streams s using (merchant_id, environment)
            group by s.merchant_id, s.environment, s.contiguous
            having min(i.received_at) < now() - interval '2 seconds'
            """));
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var gaps = new List<Gap>();
        while (await reader.ReadAsync(cancellation))
            gaps.Add(new Gap(reader.GetGuid(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3) - 1));
        return gaps;
    }

    /// <summary>The streams whose head at Payments is further than what has arrived here.</summary>
    private async Task<List<EventHead>> AheadAsync(CancellationToken cancellation)
    {
        var client = http.CreateClient(HttpClientName);
        var ahead = new List<EventHead>();
        EventHeads page;
        var after = string.Empty;
        do
        {
            page = (await client.GetFromJsonAsync(
                $"{InternalApi.EventHeads}?after={after}&limit={HeadsPerFetch}",
                ContractsJson.Default.EventHeads, cancellation))!;
            foreach (var clocks in sandboxClocks)
                await clocks.HandleAsync(ClocksOf(page.Heads), cancellation);
            var behind = await BehindAsync(page.Heads, cancellation);
            ahead.AddRange(behind.Select(gap => new EventHead(gap.MerchantId, gap.Environment, gap.UpTo)));
            after = page.Heads is [.., var end] ? $"{end.MerchantId}/{end.Environment}" : string.Empty;
        }
        while (page.Heads.Count == HeadsPerFetch);
        return ahead;
    }

    private static SandboxClockAdvanced[] ClocksOf(IReadOnlyList<EventHead> heads) =>
        [.. heads.Where(head => head.ClockOffsetSeconds > 0)
            .Select(head => new SandboxClockAdvanced(head.MerchantId, head.ClockOffsetSeconds))];

    private async Task<List<Gap>> BehindAsync(IReadOnlyList<EventHead> heads, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select h.merchant_id, h.environment, coalesce(s.contiguous, 0), h.latest
            from unnest($1::uuid[], $2::text[], $3::bigint[]) as h (merchant_id, environment, latest)
            left join inbox_streams s on s.merchant_id = h.merchant_id and s.environment = h.environment
            where coalesce(s.contiguous, 0) < h.latest
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. heads.Select(h => h.MerchantId)] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. heads.Select(h => h.Environment)] });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. heads.Select(h => h.LatestSequence)] });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var behind = new List<Gap>();
        while (await reader.ReadAsync(cancellation))
            behind.Add(new Gap(reader.GetGuid(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3)));
        return behind;
    }

    private async Task FetchAsync(Gap gap, CancellationToken cancellation)
    {
        var client = http.CreateClient(HttpClientName);
        for (var after = gap.Contiguous; after < gap.UpTo;)
        {
            var range = await client.GetFromJsonAsync(
                $"{InternalApi.Events}?merchant={gap.MerchantId}&environment={gap.Environment}"
            + $"&after={after}&limit={EventsPerFetch}",
                ContractsJson.Default.EventRange,
                cancellation);
            if (range is null)
                return;
            if (range.OldestSequence - 1 > after)
            {
                // What lies before the beginning of the feed comes no more: this consumer was away for too long, or is
                // new.
                await SkipAsync(gap, range.OldestSequence - 1, cancellation);
                after = range.OldestSequence - 1;
            }

            if (range.Events is not [.., var newest])
                return;
            var events = range.Events;
            await handler.HandleAsync(events, cancellation);
            LogHealed(events.Count, gap.MerchantId, gap.Environment, after);
            after = newest.Sequence;
        }
    }

    /// <summary>Moves the watermark over what is no longer kept.</summary>
    private async Task SkipAsync(Gap gap, long upTo, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            insert into inbox_streams as s (merchant_id, environment, contiguous) values ($1, $2, $3)
            on conflict (merchant_id, environment) do update
            set contiguous = greatest(s.contiguous, excluded.contiguous)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = gap.MerchantId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = gap.Environment });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = upTo });
        await command.ExecuteNonQueryAsync(cancellation);
        LogSkipped(gap.MerchantId, gap.Environment, gap.Contiguous, upTo);
    }

    [LoggerMessage(LogLevel.Warning,
        "The events of {Merchant}/{Environment} after {After} up to {UpTo} are no longer kept; they are skipped")]
    private partial void LogSkipped(Guid merchant, string environment, long after, long upTo);

    [LoggerMessage(LogLevel.Warning,
        "Fetched {Count} events of {Merchant}/{Environment} after {After} that the bus had not brought")]
    private partial void LogHealed(int count, Guid merchant, string environment, long after);

    private sealed record Gap(Guid MerchantId, string Environment, long Contiguous, long UpTo);
}
