using System.Buffers.Binary;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>One dated step of a payment's life.</summary>
/// <param name="Type">The event's, <c>payment.paid</c>.</param>
/// <param name="From">The status before; null at creation.</param>
/// <param name="OldBlockHash">A block that left the chain, where the step is due to that.</param>
/// <param name="Actor">Who decided it, where somebody did.</param>
public sealed record TimelineStepJson(
    int Version,
    string Type,
    string? From,
    string To,
    DateTimeOffset At,
    string? OldBlockHash,
    string? NewBlockHash,
    string? Actor,
    string? Reason);

/// <summary><c>GET /v1/payments/{payment_id}/timeline</c>: newest first, a step for each version.</summary>
public static class ReadTimeline
{
    private const string Columns = """
        t.version, t.type, t.from_status, t.to_status, t.at, t.old_block_hash, t.new_block_hash, t.actor, t.reason
        """;

    public static void MapReadTimeline(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/payments/{paymentId}/timeline", HandleAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("listPaymentTimeline", "List the steps of a payment, newest first")
            .TakesQuery(RequestQuery.PageNames)
            .Answers<Page<TimelineStepJson>>();

    private static async Task<IResult> HandleAsync(
        string paymentId,
        HttpRequest request,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var query = RequestQuery.Of(request.QueryString, RequestQuery.PageNames);
        var id = ReadPayments.ParseId(paymentId);
        var range = query.Page(merchant, $"timeline/{id}");
        await using var command = CommandOf(database, merchant, id, range);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            throw ReadPayments.NotFound();

        var steps = new List<TimelineStepJson>();
        if (!row.IsDBNull(0))
        {
            do
                steps.Add(Read(row));
            while (await row.ReadAsync(cancellation));
        }

        return Results.Json(range.Of(steps, step => CursorAt(step.Version)), PaymentsJson.Relaxed.TimelinePage);
    }

    internal static NpgsqlCommand CommandOf(
        NpgsqlDataSource database, MerchantIdentity merchant, Guid paymentId, PageRange range)
    {
        var beyond = range switch
        {
            { Before: not null } => "t.version > $2",
            { After: not null } => "t.version < $2",
            _ => "$2::int is null",
        };
        var command = database.CreateCommand(
            $"""
            select {Columns} from payments p left join lateral (
              select {Columns} from payment_timeline t where t.payment_id = p.id and {beyond}
              {range.OrderAndLimit("t.version")}) t on true
            where p.id = $5 and p.merchant_id is not distinct from $3 and p.environment is not distinct from $4
            {range.OrderAndLimit("t.version")}
            """);
        command.Parameters.AddInteger(range.Fetch);
        command.Parameters.AddNullable(
            range.Cursor is { } cursor ? VersionAt(cursor) : null, NpgsqlTypes.NpgsqlDbType.Integer);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddId(paymentId);
        return command;
    }

    private static TimelineStepJson Read(NpgsqlDataReader row) => new(
        row.GetInt32(0),
        row.GetString(1),
        PaymentRows.TextOrNull(row, 2),
        row.GetString(3),
        PaymentRows.Time(row, 4),
        PaymentRows.TextOrNull(row, 5),
        PaymentRows.TextOrNull(row, 6),
        PaymentRows.TextOrNull(row, 7),
        PaymentRows.TextOrNull(row, 8));

    /// <summary>Cursors hold ids; a step's is its version.</summary>
    private static Guid CursorAt(int version)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt32BigEndian(bytes[12..], version);
        return new Guid(bytes, bigEndian: true);
    }

    private static int VersionAt(Guid cursor)
    {
        Span<byte> bytes = stackalloc byte[16];
        cursor.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt32BigEndian(bytes[12..]);
    }
}
