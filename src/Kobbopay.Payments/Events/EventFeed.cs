using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments.Events;

/// <summary>An event of the feed: its place, and the bytes that the sequencer made of it once and for all.</summary>
internal sealed record FeedEvent(long Sequence, string Type, byte[] Body);

/// <param name="Latest">The feed's head; 0 while there is no event.</param>
/// <param name="Dropped">Up to and including this sequence events are no longer kept.</param>
internal sealed record FeedPage(List<FeedEvent> Events, bool HasMore, long Latest, long Dropped);

/// <summary>Reads a merchant's feed; head, beginning and events are of one moment.</summary>
public sealed class EventFeed(NpgsqlDataSource database)
{
    /// <param name="after">Null begins with the oldest that is kept.</param>
    /// <param name="types">Null takes all.</param>
    /// <exception cref="ProblemException"><c>cursor_expired</c>.</exception>
    internal async Task<FeedPage> ReadAsync(
        MerchantIdentity merchant, long? after, string[]? types, int limit, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            """
            select c.latest, c.dropped, e.sequence, e.type, e.body
            from event_counters c
            left join lateral (
              select sequence, type, body from events
              where merchant_id = $1 and environment = $2 and sequence > greatest($3, c.dropped)
                and ($4::text[] is null or type = any($4))
              order by sequence limit $5) e on true
            where c.merchant_id = $1 and c.environment = $2
            order by e.sequence
            """);
        command.Parameters.AddId(merchant.MerchantId);
        command.Parameters.AddText(merchant.Environment);
        command.Parameters.AddLong(after ?? 0);
        command.Parameters.AddTexts(types);
        command.Parameters.AddInteger(limit + 1);

        await using var row = await command.ExecuteReaderAsync(cancellation);
        var (latest, dropped) = (0L, 0L);
        var events = new List<FeedEvent>();
        while (await row.ReadAsync(cancellation))
        {
            (latest, dropped) = (row.GetInt64(0), row.GetInt64(1));
            if (!row.IsDBNull(2))
                events.Add(new FeedEvent(row.GetInt64(2), row.GetString(3), row.GetFieldValue<byte[]>(4)));
        }

        if (after < dropped)
            throw Expired(dropped);
        var hasMore = events.Count > limit;
        if (hasMore)
            events.RemoveAt(limit);
        return new FeedPage(events, hasMore, latest, dropped);
    }

    /// <summary>The head of the feed: what comes after it is new.</summary>
    internal async Task<long> LatestAsync(MerchantIdentity merchant, CancellationToken cancellation) =>
        (await ReadAsync(merchant, long.MaxValue, types: null, limit: 0, cancellation)).Latest;

    private static ProblemException Expired(long dropped) => new(
        ProblemCodes.CursorExpired, $"Events are kept 90 days; the oldest that is kept has the sequence {dropped + 1}.")
    {
        OldestSequence = dropped + 1,
    };
}
