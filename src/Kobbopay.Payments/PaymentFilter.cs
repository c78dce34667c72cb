using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// The filters of <c>GET /v1/payments</c>, all optional and all at once. Only what is asked for becomes part of the
/// statement, so that each filter finds its index (docs/queries.md).
/// </summary>
internal static class PaymentFilter
{
    public static readonly string[] Names =
    [
        .. RequestQuery.PageNames, "orderId", "status", "outcome", "network", "currency", "createdFrom", "createdTo",
        "metadata[]",
    ];

    private const int MetadataPairs = 20;

    public static readonly string[] Statuses = Enum.GetNames<PaymentStatus>();

    public static readonly string[] Outcomes =
        [.. Enum.GetNames<PaymentOutcome>().Select(name => name.ToLowerInvariant())];

    /// <summary>The conditions on <c>payments p</c>, with their parameters; those of the rail are apart.</summary>
    /// <exception cref="ProblemException"><c>invalid_request</c>, naming the filter.</exception>
    public static string AddConditions(NpgsqlParameterCollection parameters, RequestQuery query)
    {
        var sql = new StringBuilder();
        if (query["orderId"] is { } orderId)
        {
            if (orderId.Length == 0)
                throw PageQuery.Invalid("orderId", "invalid_format", "Must not be empty.");
            parameters.AddText(orderId);
            sql.Append($" and p.order_id = ${parameters.Count}");
        }

        if (query.OneOf("status", Statuses) is { } status)
        {
            parameters.AddText(status);
            sql.Append($" and p.status = ${parameters.Count}");
        }

        if (query.OneOf("outcome", Outcomes) is { } outcome)
        {
            parameters.AddText(outcome);
            sql.Append($" and p.outcome = ${parameters.Count}");
            // A parameter alone does not tell the planner that the partial index has them all.
            if (outcome != "none")
                sql.Append(" and p.outcome <> 'none'");
        }

        if (query.TimeOf("createdFrom") is { } from)
        {
            parameters.AddId(FirstIdOf(from));
            sql.Append($" and p.id >= ${parameters.Count}");
        }

        if (query.TimeOf("createdTo") is { } to)
        {
            parameters.AddId(FirstIdOf(to));
            sql.Append($" and p.id < ${parameters.Count}");
        }

        return sql.Append(Metadata(parameters, query.PairsOf("metadata"))).ToString();
    }

    /// <summary>
    /// The rails that <c>network</c> and <c>currency</c> leave, as <c>unnest(...) r (network, currency)</c>; null when
    /// neither is asked for.
    /// </summary>
    public static string? AddRails(NpgsqlParameterCollection parameters, RequestQuery query, RailCatalog rails)
    {
        var pairs = rails.All
            .SelectMany(rail => rail.Assets.Select(asset => (rail.Network, asset.Currency))).ToList();
        var network = query.OneOf("network", [.. pairs.Select(pair => pair.Network).Distinct()]);
        var currency = query.OneOf("currency", [.. pairs.Select(pair => pair.Currency).Distinct()]);
        if (network is null && currency is null)
            return null;

        pairs.RemoveAll(pair =>
            (network is not null && pair.Network != network) || (currency is not null && pair.Currency != currency));
        parameters.AddArray(pairs, pair => pair.Network);
        parameters.AddArray(pairs, pair => pair.Currency);
        return $"unnest(${parameters.Count - 1}, ${parameters.Count}) r (network, currency)";
    }

    /// <summary>
    /// The least id of a payment created at this time or later. A payment's id is made of the very time that it is
    /// created at, in milliseconds, and sorts by it: bounds of the time are bounds of the id, which every list is
    /// ordered by, so that its index serves both and no index of the time is needed.
    /// </summary>
    public static Guid FirstIdOf(DateTimeOffset time)
    {
        var ticks = Math.Max(0, time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks);
        var milliseconds = (ticks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        Span<byte> id = stackalloc byte[16];
        id.Clear();
        BinaryPrimitives.WriteInt64BigEndian(id, milliseconds << 16);
        return new Guid(id, bigEndian: true);
    }

    private static string Metadata(NpgsqlParameterCollection parameters, Dictionary<string, string> pairs)
    {
        if (pairs.Count == 0)
            return string.Empty;
        if (pairs.Count > MetadataPairs)
        {
            throw PageQuery.Invalid(
                $"metadata[{pairs.Keys.Last()}]", "too_many", $"A payment has {MetadataPairs} pairs at most.");
        }

        parameters.AddJson(JsonSerializer.SerializeToUtf8Bytes(pairs, PaymentsJson.Relaxed.DictionaryStringString));
        // The second condition is the partial index's own.
        return $" and p.metadata @> ${parameters.Count} and p.metadata <> '{{}}'";
    }
}
