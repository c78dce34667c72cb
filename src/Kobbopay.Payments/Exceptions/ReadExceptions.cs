using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Payments.Exceptions;

/// <summary>A matter that a person has to look at (contracts.md, section 2).</summary>
/// <param name="Kind"><c>finality_violated</c> or <c>missed_transfer</c>; more may come.</param>
/// <param name="Status"><c>open</c> or <c>closed</c>.</param>
/// <param name="Detail">What is known about it; its fields depend on the kind.</param>
/// <param name="ClosedBy">The API key that closed it.</param>
[SchemaName("PaymentException")]
public sealed record ExceptionJson(
    string Id,
    string Kind,
    string Status,
    [property: JsonPropertyName("payment_id")] string PaymentId,
    string OrderId,
    JsonElement Detail,
    DateTimeOffset OpenedAt,
    DateTimeOffset? ClosedAt,
    string? ClosedBy,
    string? CloseReason);

/// <summary><c>GET /v1/exceptions</c>: newest first.</summary>
public static class ReadExceptions
{
    /// <summary>What <see cref="Read"/> reads.</summary>
    internal const string Select = """
        select e.id, e.kind, e.payment_id, p.order_id, e.detail, e.opened_at, e.closed_at, e.closed_by, e.close_reason
        from exceptions e join payments p on p.id = e.payment_id
        """;

    public static void MapReadExceptions(this IEndpointRouteBuilder app) =>
        app.MapGet("/v1/exceptions", ListAsync).RequireMerchant(Scopes.PaymentsRead)
            .Describe("listExceptions", "List what a person has to look at, newest first")
            .WithParameter("status", "Only open or only closed ones.", "open", "closed")
            .Answers<Page<ExceptionJson>>();

    internal static ExceptionJson Read(NpgsqlDataReader row) => new(
        Id.Format(Id.Exception, row.GetGuid(0)),
        row.GetString(1),
        row.IsDBNull(6) ? "open" : "closed",
        Id.Format(Id.Payment, row.GetGuid(2)),
        row.GetString(3),
        JsonElement.Parse(row.GetString(4)),
        PaymentRows.Time(row, 5),
        row.IsDBNull(6) ? null : PaymentRows.Time(row, 6),
        PaymentRows.TextOrNull(row, 7),
        PaymentRows.TextOrNull(row, 8));

    private static async Task<IResult> ListAsync(
        [AsParameters] PageQuery query,
        [FromQuery(Name = "status")] string? status,
        [FromQuery(Name = "payment_id")] string? paymentId,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var range = query.Parse(merchant, "exceptions");
        Guid? payment = null;
        if (paymentId is not null)
        {
            payment = Id.TryParse(Id.Payment, paymentId, out var id)
                ? id
                : throw PageQuery.Invalid("payment_id", "invalid_format", "This is not an id of the form pay_...");
        }

        var closed = status switch
        {
            null => string.Empty,
            "open" => "and e.closed_at is null",
            "closed" => "and e.closed_at is not null",
            _ => throw PageQuery.Invalid("status", "unknown_value", "One of open, closed."),
        };
        await using var command = database.CreateCommand(
            $"""
            {Select}
            where e.merchant_id = $3 and e.environment = $4 and ($5::uuid is null or e.payment_id = $5) {closed}
              and {range.Where("e.id")}
            {range.OrderAndLimit("e.id")}
            """);
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddNullable(payment, NpgsqlDbType.Uuid);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<(Guid Id, ExceptionJson Exception)>();
        while (await row.ReadAsync(cancellation))
            rows.Add((row.GetGuid(0), Read(row)));
        var page = range.Of(rows, found => found.Id);
        return Results.Json(
            new Page<ExceptionJson>([.. page.Data.Select(found => found.Exception)], page.HasMore, page.NextCursor),
            ExceptionsJson.Default.ExceptionPage);
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(FinalityDetail))]
[JsonSerializable(typeof(MissedTransferDetail))]
[JsonSerializable(typeof(CloseRequest))]
[JsonSerializable(typeof(ExceptionJson))]
[JsonSerializable(typeof(Page<ExceptionJson>), TypeInfoPropertyName = "ExceptionPage")]
internal sealed partial class ExceptionsJson : JsonSerializerContext;
