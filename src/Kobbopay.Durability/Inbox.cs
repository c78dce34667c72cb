using Kobbopay.Contracts;
using Npgsql;

namespace Kobbopay.Durability;

/// <summary>What a service does with payment events, whether the bus or the healing feed brought them.</summary>
public interface IPaymentChangedHandler
{
    /// <summary>
    /// Applies the events in one transaction that begins with <see cref="Inbox.Fresh"/>, so that a repeated event has
    /// no effect.
    /// </summary>
    Task HandleAsync(IReadOnlyList<PaymentChanged> events, CancellationToken cancellation);
}

/// <summary>
/// Which events a consumer has taken: per (merchant, environment) everything up to a watermark, and single sequences
/// above. <see cref="FeedHealer"/> moves the watermark and finds the gaps.
/// </summary>
public static class Inbox
{
    /// <summary>
    /// A data-modifying CTE that takes events in and yields <c>fresh (event_id)</c>: those not taken before. The effect
    /// is the rest of the same statement, joined with <c>fresh</c>. Its parameters are $1 to $4
    /// (<see cref="AddParameters"/>). A watermark that moves at this very moment can let one event through twice;
    /// effects are unique by event besides.
    /// </summary>
    public const string Fresh = """
        fresh as (
          insert into inbox (merchant_id, environment, sequence, event_id)
          select e.merchant_id, e.environment, e.sequence, e.event_id
          from unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[])
                as e (merchant_id, environment, sequence, event_id)
          where not exists (
            select from inbox_streams s
            where s.merchant_id = e.merchant_id and s.environment = e.environment and s.contiguous >= e.sequence)
          on conflict do nothing
          returning event_id)
        """;

    public static void AddParameters(NpgsqlParameterCollection parameters, IReadOnlyList<PaymentChanged> events)
    {
        parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. events.Select(e => e.MerchantId)] });
        parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. events.Select(e => e.Environment)] });
        parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. events.Select(e => e.Sequence)] });
        parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. events.Select(e => e.EventId)] });
    }
}
