using System.Numerics;
using System.Text;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Reports;

/// <summary>
/// <c>GET /v1/reports/payments.csv</c>: a row for each canonical transfer of the payments that were confirmed (or
/// created) in a span of time, then the totals by network and currency (docs/reconciliation.md). One statement, so of
/// one moment, written as it is read: its size costs no memory.
/// </summary>
public static class PaymentsReport
{
    private const int LongestDays = 366;

    /// <summary>Characters written at a time.</summary>
    private const int ChunkSize = 16 * 1024;

    private static readonly string[] Names = ["from", "to", "basis"];
    private static readonly string[] Bases = ["confirmedAt", "createdAt"];

    public static void MapPaymentsReport(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/reports/payments.csv", HandleAsync).RequireMerchant(Scopes.ReportsRead)
            .Describe("getPaymentsReport", "Report the transfers of a span of time as CSV")
            .TakesQuery(Names)
            .RequiresQuery("from", "to")
            .WithParameter("basis", "Which time counts; confirmedAt unless given.", Bases)
            .AnswersText("text/csv");

    private static async Task HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        ReportSlots slots,
        CancellationToken cancellation)
    {
        var query = RequestQuery.Of(http.Request.QueryString, Names);
        var span = ReportSpan.Of(query, LongestDays, Bases);
        using var slot = slots.Take(merchant);
        await using var command = CommandOf(database, merchant, span);
        await using var row = await command.ExecuteReaderAsync(cancellation);

        http.Response.ContentType = "text/csv; charset=utf-8; header=present";
        http.Response.Headers.ContentDisposition =
            $"attachment; filename=\"payments-{span.From:yyyyMMdd}-{span.To:yyyyMMdd}.csv\"";
        await WriteAsync(row, chunk => http.Response.WriteAsync(chunk, cancellation), cancellation);
    }

    internal static NpgsqlCommand CommandOf(NpgsqlDataSource database, MerchantIdentity merchant, ReportSpan span)
    {
        var (range, order) = span.ByCreation
            ? ("p.id >= $3 and p.id < $4", "p.id")
            : ("p.confirmed_at >= $3 and p.confirmed_at < $4", "p.confirmed_at, p.id");
        // The transfers are ordered inside, so that the payments come straight from their index, nothing being sorted.
        var command = database.CreateCommand(
            $"""
            select p.id, p.order_id, p.status, p.outcome, p.network, p.currency, p.decimals, p.deposit_address,
              p.address_path, p.xpub_fingerprint, p.created_at, p.paid_at, p.confirmed_at, p.expires_at,
              t.id, t.tx_hash, t.block_number, t.block_hash, t.block_time, t.amount
            from payments p left join lateral (
              select t.id, t.tx_hash, t.block_number, t.block_hash, t.block_time, t.amount from transfers t
              where t.payment_id = p.id and t.canonical
              order by t.block_number, t.id) t on true
            where p.merchant_id = $1 and p.environment = $2 and {range}
            order by {order}
            """);
        command.Parameters.AddId(merchant.MerchantId);
        command.Parameters.AddText(merchant.Environment);
        foreach (var bound in new[] { span.From, span.To })
        {
            if (span.ByCreation)
                command.Parameters.AddId(PaymentFilter.FirstIdOf(bound));
            else
                command.Parameters.AddTime(bound);
        }

        return command;
    }

    /// <param name="write">Takes the text in chunks, each when the one before is gone.</param>
    internal static async Task WriteAsync(
        NpgsqlDataReader row, Func<string, Task> write, CancellationToken cancellation)
    {
        var totals = new ReportTotals();
        var chunk = new StringBuilder(ChunkSize + 1024);
        Csv.AppendLine(
            chunk, "payment_id", "orderId", "status", "outcome", "network", "currency", "txHash", "blockNumber",
            "blockHash", "blockTime", "transferId", "amount", "address", "addressPath", "xpubFingerprint", "createdAt",
            "paidAt", "confirmedAt", "expiresAt");
        while (await row.ReadAsync(cancellation))
        {
            AppendRow(chunk, row, totals);
            if (chunk.Length >= ChunkSize)
            {
                await write(chunk.ToString());
                chunk.Clear();
            }
        }

        totals.AppendTo(chunk);
        await write(chunk.ToString());
    }

    private static void AppendRow(StringBuilder csv, NpgsqlDataReader row, ReportTotals totals)
    {
        var (network, currency, decimals) = (row.GetString(4), row.GetString(5), row.GetInt16(6));
        var paid = !row.IsDBNull(14);
        var amount = paid ? row.GetFieldValue<BigInteger>(19) : BigInteger.Zero;
        totals.Add(network, currency, decimals, amount);
        Csv.AppendLine(
            csv,
            Id.Format(Id.Payment, row.GetGuid(0)),
            row.GetString(1),
            row.GetString(2),
            row.GetString(3),
            network,
            currency,
            paid ? row.GetString(15) : null,
            paid ? row.GetInt64(16).ToString() : null,
            paid ? row.GetString(17) : null,
            Time(row, 18),
            paid ? Id.Format(Id.Transfer, row.GetGuid(14)) : null,
            paid ? Amount.Format(amount, decimals) : null,
            row.GetString(7),
            row.GetString(8),
            PaymentRows.TextOrNull(row, 9),
            Time(row, 10),
            Time(row, 11),
            Time(row, 12),
            Time(row, 13));
    }

    private static string? Time(NpgsqlDataReader row, int ordinal) =>
        row.IsDBNull(ordinal) ? null : PaymentRows.Time(row, ordinal).ToString(MillisecondTime.Format);
}

/// <summary>What a report covers: half-open, by the time of confirmation or of creation.</summary>
internal sealed record ReportSpan(DateTimeOffset From, DateTimeOffset To, bool ByCreation)
{
    /// <exception cref="ProblemException"><c>invalid_request</c>, naming the parameter.</exception>
    public static ReportSpan Of(RequestQuery query, int longestDays, IReadOnlyCollection<string> bases)
    {
        var from = query.TimeOf("from") ?? throw Required("from");
        var to = query.TimeOf("to") ?? throw Required("to");
        if (to <= from)
            throw PageQuery.Invalid("to", "out_of_range", "Must be later than from.");
        if (to - from > TimeSpan.FromDays(longestDays))
            throw PageQuery.Invalid("to", "out_of_range", $"Must be {longestDays} days after from at most.");
        return new ReportSpan(from, to, query.OneOf("basis", bases) == "createdAt");
    }

    private static ProblemException Required(string name) =>
        PageQuery.Invalid(name, "required", "This parameter is required.");
}

/// <summary>Sums of the rows by network and currency.</summary>
internal sealed class ReportTotals
{
    private readonly SortedDictionary<(string Network, string Currency, int Decimals), BigInteger> _sums = [];

    public void Add(string network, string currency, int decimals, BigInteger amount)
    {
        var key = (network, currency, decimals);
        _sums[key] = _sums.GetValueOrDefault(key) + amount;
    }

    public void AppendTo(StringBuilder csv)
    {
        foreach (var ((network, currency, decimals), sum) in _sums)
        {
            Csv.AppendLine(
                csv, "TOTAL", null, null, null, network, currency, null, null, null, null, null,
                Amount.Format(sum, decimals), null, null, null, null, null, null, null);
        }
    }
}

/// <summary>
/// A report holds a connection for as long as its reader takes: one at a time for a merchant, few for a process.
/// </summary>
public sealed class ReportSlots
{
    /// <summary>Well below the size of the pool.</summary>
    private const int Limit = 4;

    private readonly HashSet<(Guid, string)> _taken = [];
    private readonly Lock _lock = new();

    /// <exception cref="ProblemException"><c>rate_limited</c>.</exception>
    public IDisposable Take(MerchantIdentity merchant)
    {
        var key = (merchant.MerchantId, merchant.Environment);
        lock (_lock)
        {
            if (_taken.Count < Limit && _taken.Add(key))
                return new Slot(this, key);
        }

        throw new ProblemException(
            ProblemCodes.RateLimited, "A report of yours, or too many of others, are being written right now.")
        {
            RetryAfterSeconds = 5,
        };
    }

    private void Free((Guid, string) key)
    {
        lock (_lock)
            _taken.Remove(key);
    }

    private sealed class Slot(ReportSlots slots, (Guid, string) key) : IDisposable
    {
        public void Dispose() => slots.Free(key);
    }
}
