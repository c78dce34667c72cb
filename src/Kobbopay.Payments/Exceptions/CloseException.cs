using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.Exceptions;

/// <param name="Reason">What was found and done about it.</param>
[SchemaName("CloseExceptionRequest")]
public sealed record CloseRequest(string? Reason);

/// <summary>
/// <c>POST /v1/exceptions/{id}/close</c>: somebody has looked. Closing what is closed answers it as it stands: the
/// first reason stays.
/// </summary>
public static class CloseException
{
    public static void MapCloseException(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/exceptions/{exceptionId}/close", HandleAsync).RequireMerchant(Scopes.PaymentsWrite)
            .Describe("closeException", "Close an exception")
            .Takes<CloseRequest>("reason")
            .Answers<ExceptionJson>();

    private static async Task HandleAsync(
        HttpContext http,
        string exceptionId,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        StoredAnswers answers,
        AuditTrail audit,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, ExceptionsJson.Default.CloseRequest, cancellation);
        ProblemException.ThrowIfAny([ReasonText.ErrorOf(body.Value.Reason)]);
        await answers.AnswerAsync(http, merchant, body.Bytes, ExceptionsJson.Default.ExceptionJson, async answer =>
        {
            await using var connection = await database.OpenConnectionAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            var found = Id.TryParse(Id.Exception, exceptionId, out var id)
                ? await LockAsync(connection, merchant, id, cancellation)
                : null;
            if (found is null)
                throw new ProblemException(ProblemCodes.NotFound, "There is no such exception.");

            await using var batch = new NpgsqlBatch(connection, transaction);
            var closes = found.ClosedAt is null;
            if (closes)
            {
                found = found with
                {
                    Status = "closed",
                    ClosedAt = clock.Now(),
                    ClosedBy = Id.Format(Id.ApiKey, merchant.KeyId),
                    CloseReason = body.Value.Reason,
                };
                AddClose(batch, merchant, id, found);
            }

            answer(batch, found);
            if (closes)
            {
                audit.Add(batch, http, merchant, "exception.closed", exceptionId, new JsonObject
                {
                    ["reason"] = found.CloseReason,
                });
            }

            if (batch.BatchCommands.Count > 0)
                await batch.ExecuteNonQueryAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }, cancellation);
    }

    private static async Task<ExceptionJson?> LockAsync(
        NpgsqlConnection connection, MerchantIdentity merchant, Guid id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            {ReadExceptions.Select}
            where e.id = $1 and e.merchant_id = $2 and e.environment = $3 for update of e
            """,
            connection);
        command.Parameters.AddId(id);
        command.Parameters.AddOwner(merchant);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? ReadExceptions.Read(row) : null;
    }

    private static void AddClose(NpgsqlBatch batch, MerchantIdentity merchant, Guid id, ExceptionJson closed)
    {
        var update = batch.Add("""
            update exceptions set closed_at = $4, closed_by = $5, close_reason = $6
            where id = $1 and merchant_id = $2 and environment = $3
            """);
        update.AddId(id);
        update.AddOwner(merchant);
        update.AddTime(closed.ClosedAt);
        update.AddText(closed.ClosedBy);
        update.AddText(closed.CloseReason);
    }
}
