using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Payments.AccessRequests;

/// <param name="Text">For the other operators; an applicant never sees it.</param>
internal sealed record NoteRequest(string? Text);

/// <param name="Reason">What the applicant reads.</param>
internal sealed record DecisionRequest(string? Reason);

/// <summary>
/// <c>POST /v1/operator/access-requests/{id}/notes</c>, <c>.../defer</c> and <c>.../decline</c>. A deferred request can
/// still be decided; what has been approved or declined stays so.
/// </summary>
internal static class DecideAccessRequest
{
    private const int NoteLimit = 4_000;
    private const string Route = "/v1/operator/access-requests/{requestId}";

    public static void MapDecideAccessRequest(this IEndpointRouteBuilder app)
    {
        app.MapPost($"{Route}/notes", NoteAsync).RequireOperator()
            .Describe("noteAccessRequest", "Write a note for the other operators")
            .Takes<NoteRequest>("text")
            .Answers<AccessRequestJson>(StatusCodes.Status201Created);
        Map("defer", "deferred", "Put an access request off");
        Map("decline", "declined", "Decline an access request");

        void Map(string verb, string status, string summary) => app.MapPost(
            $"{Route}/{verb}",
            (HttpContext http, string requestId, OperatorIdentity who, NpgsqlDataSource database,
                StoredAnswers answers, AuditTrail audit, TimeProvider clock, CancellationToken cancellation) =>
                DecideAsync(http, requestId, status, who, database, answers, audit, clock, cancellation))
            .RequireOperator()
            .Describe($"{verb}AccessRequest", summary)
            .Refuses(ProblemCodes.AlreadyDecided)
            .Takes<DecisionRequest>("reason")
            .Answers<AccessRequestJson>();
    }

    /// <summary>Locks a request that is still to be decided.</summary>
    /// <exception cref="ProblemException"><c>not_found</c>, <c>already_decided</c>.</exception>
    internal static async Task<AccessRequestJson> LockOpenAsync(
        NpgsqlConnection connection, Guid id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"select {AccessRequestJson.Columns} from access_requests r where r.id = $1 for update", connection);
        command.Parameters.AddId(id);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            throw AccessRequestJson.NotFound();
        var request = AccessRequestJson.Read(row);
        return request.Status is "new" or "deferred"
            ? request
            : throw new ProblemException(
                ProblemCodes.AlreadyDecided, $"{request.DecidedBy} has {request.Status} this request.");
    }

    private static async Task NoteAsync(
        HttpContext http,
        string requestId,
        OperatorIdentity who,
        NpgsqlDataSource database,
        StoredAnswers answers,
        AuditTrail audit,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var id = AccessRequestJson.ParseId(requestId);
        var body = await JsonBody.ReadAsync(http, AccessRequestsJson.Default.NoteRequest, cancellation);
        ProblemException.ThrowIfAny([TextField.Check("/text", body.Value.Text, NoteLimit, least: 1, lines: true)]);
        await answers.AnswerAsync(
            http, who, body.Bytes, AccessRequestsJson.Default.AccessRequestJson, database, NoteAsync, cancellation);

        async Task<GivenAnswer<AccessRequestJson>> NoteAsync(NpgsqlConnection connection)
        {
            await ReadAccessRequests.FindAsync(connection, id, cancellation);
            var now = clock.Now();
            await using var batch = new NpgsqlBatch(connection);
            var insert = batch.Add("""
                insert into access_request_notes (id, request_id, author, text, created_at)
                values ($1, $2, $3, $4, $5)
                """);
            insert.AddId(Id.New(now));
            insert.AddId(id);
            insert.AddText(who.Name);
            insert.AddText(body.Value.Text!.Trim());
            insert.AddTime(now);
            audit.Add(batch, http, "access_request.noted", requestId);
            await batch.ExecuteNonQueryAsync(cancellation);
            return new GivenAnswer<AccessRequestJson>(
                await ReadAccessRequests.FindAsync(connection, id, cancellation), StatusCodes.Status201Created);
        }
    }

    private static async Task DecideAsync(
        HttpContext http,
        string requestId,
        string status,
        OperatorIdentity who,
        NpgsqlDataSource database,
        StoredAnswers answers,
        AuditTrail audit,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var id = AccessRequestJson.ParseId(requestId);
        var body = await JsonBody.ReadAsync(http, AccessRequestsJson.Default.DecisionRequest, cancellation);
        ProblemException.ThrowIfAny([ReasonText.ErrorOf(body.Value.Reason)]);
        await answers.AnswerAsync(
            http, who, body.Bytes, AccessRequestsJson.Default.AccessRequestJson, database, DecideAsync, cancellation);

        async Task<GivenAnswer<AccessRequestJson>> DecideAsync(NpgsqlConnection connection)
        {
            await LockOpenAsync(connection, id, cancellation);
            await using var batch = new NpgsqlBatch(connection);
            AddDecision(batch, http, id, status, body.Value.Reason, clock.Now(), merchantId: null);
            audit.Add(batch, http, $"access_request.{status}", requestId, details: new JsonObject
            {
                ["reason"] = body.Value.Reason,
            });
            await batch.ExecuteNonQueryAsync(cancellation);
            return new GivenAnswer<AccessRequestJson>(
                await ReadAccessRequests.FindAsync(connection, id, cancellation));
        }
    }

    internal static void AddDecision(
        NpgsqlBatch batch, HttpContext http, Guid id, string status, string? reason, DateTimeOffset now,
        Guid? merchantId)
    {
        var update = batch.Add("""
            update access_requests set status = $2, reason = $3, decided_by = $4, decided_at = $5, merchant_id = $6
            where id = $1
            """);
        update.AddId(id);
        update.AddText(status);
        update.AddText(reason);
        update.AddText(AuditTrail.ActorOf(http));
        update.AddTime(now);
        update.AddNullable(merchantId, NpgsqlDbType.Uuid);
    }
}
