using System.Globalization;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Webhooks.Deliveries;

/// <param name="Since">RFC 3339; what is older is left alone.</param>
internal sealed record ReplayRequest(string? Since)
{
    private static readonly string[] Formats =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    /// <summary>The time, cut to milliseconds, which ids have too.</summary>
    /// <exception cref="ProblemException"><c>invalid_request</c>.</exception>
    public DateTimeOffset Validate(DateTimeOffset now)
    {
        if (Since is null)
            throw Invalid("required", "This field is required.");
        if (!DateTimeOffset.TryParseExact(
            Since, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var since))
            throw Invalid("invalid_format", "Must be an RFC 3339 time with its zone, such as 2026-01-31T00:00:00Z.");
        since = DateTimeOffset.FromUnixTimeMilliseconds(since.ToUnixTimeMilliseconds());
        return since <= now && since >= now - KeepDeliveries.Kept
            ? since
            : throw Invalid("out_of_range", "Must be within the last 90 days; what is older is not kept.");
    }

    private static ProblemException Invalid(string code, string message) =>
        new(ProblemCodes.InvalidRequest, $"/since: {message}", [new InvalidField("/since", code, message)]);
}

/// <param name="Kind"><c>recover</c> or <c>replay_missing</c>.</param>
/// <param name="Status"><c>running</c>, <c>completed</c>, or <c>canceled</c>: the endpoint was disabled or deleted
/// meanwhile.</param>
/// <param name="Queued">Deliveries so far.</param>
[SchemaName("WebhookReplay")]
internal sealed record ReplayAnswer(
    string Id,
    string Environment,
    string EndpointId,
    string Kind,
    DateTimeOffset Since,
    string Status,
    long Queued,
    DateTimeOffset CreatedAt,
    DateTimeOffset? FinishedAt)
{
    public const string Columns = "id, environment, endpoint_id, kind, since, status, queued, created_at, finished_at";

    public static ReplayAnswer Read(NpgsqlDataReader row) => new(
        Contracts.Id.Format(Contracts.Id.Replay, row.GetGuid(0)),
        row.GetString(1),
        Contracts.Id.Format(Contracts.Id.WebhookEndpoint, row.GetGuid(2)),
        row.GetString(3),
        row.GetFieldValue<DateTimeOffset>(4),
        row.GetString(5),
        row.GetInt64(6),
        row.GetFieldValue<DateTimeOffset>(7),
        row.IsDBNull(8) ? null : row.GetFieldValue<DateTimeOffset>(8));
}

/// <summary>
/// <c>POST /v1/webhook-endpoints/{id}/recover</c> sends again what failed, <c>.../replay-missing</c> sends what was
/// never sent. Either may be a million deliveries, so the answer is the replay, and <see cref="ReplayWorker"/> does it.
/// </summary>
internal static class Replays
{
    public const string Recover = "recover";
    public const string ReplayMissing = "replay_missing";

    public static void MapReplays(this IEndpointRouteBuilder app)
    {
        MapStart("recover", Recover)
            .Describe("recoverWebhooks", "Send again what an endpoint has failed to take")
            .Refuses(ProblemCodes.EndpointDisabled);
        MapStart("replay-missing", ReplayMissing)
            .Describe("replayMissingWebhooks", "Send what an endpoint was never sent")
            .Refuses(ProblemCodes.EndpointDisabled);
        app.MapGet("/v1/webhook-endpoints/{id}/replays/{replayId}", ReadAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("getWebhookReplay", "Read how far a replay is")
            .Answers<ReplayAnswer>();

        IEndpointConventionBuilder MapStart(string route, string kind) => app
            .MapPost($"/v1/webhook-endpoints/{{id}}/{route}", (
                HttpContext http,
                string id,
                MerchantIdentity merchant,
                NpgsqlDataSource database,
                StoredAnswers answers,
                Audit audit,
                Signal<ReplayWorker> signal,
                TimeProvider clock,
                CancellationToken cancellation) =>
                StartAsync(http, id, kind, merchant, database, answers, audit, signal, clock, cancellation))
            .RequireMerchant(Scopes.WebhooksWrite)
            .Takes<ReplayRequest>("since")
            .Answers<ReplayAnswer>(StatusCodes.Status202Accepted);
    }

    private static async Task StartAsync(
        HttpContext http,
        string id,
        string kind,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        StoredAnswers answers,
        Audit audit,
        Signal<ReplayWorker> signal,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, WebhooksJson.Default.ReplayRequest, cancellation);
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.ReplayAnswer, database, FileAsync, cancellation);
        signal.Set();

        async Task<GivenAnswer<ReplayAnswer>> FileAsync(NpgsqlConnection connection)
        {
            var now = clock.GetUtcNow();
            var since = body.Value.Validate(now);
            var endpoint = await EnabledEndpoint.FindAsync(connection, merchant, id, cancellation);
            var replay = await InsertAsync(connection, merchant, audit, endpoint.Id, kind, since, now, cancellation);
            return new(
                replay, StatusCodes.Status202Accepted,
                $"/v1/webhook-endpoints/{replay.EndpointId}/replays/{replay.Id}");
        }
    }

    /// <summary>The new replay, or the same one that is running.</summary>
    private static async Task<ReplayAnswer> InsertAsync(
        NpgsqlConnection connection,
        MerchantIdentity merchant,
        Audit audit,
        Guid endpointId,
        string kind,
        DateTimeOffset since,
        DateTimeOffset now,
        CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            $"""
            with replay as (
              insert into replays (id, merchant_id, environment, endpoint_id, kind, since, place, ending, created_at,
                worked_at)
              values ($1, $2, $3, $4, $5, $6, lowest_id($6), lowest_id($7 + interval '1 ms'), $7, $7)
              on conflict (endpoint_id, kind, since) where finished_at is null do update set since = excluded.since
              returning {ReplayAnswer.Columns}),
            audited as ({Audit.Insert} $8, $9, $10 from replay where id = $1)
            select {ReplayAnswer.Columns} from replay
            """,
            connection);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Id.New(now) });
        command.Parameters.AddOwner(merchant);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpointId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = kind });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = since });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        audit.AddTo(
            command.Parameters, $"webhook_endpoint.{kind}_started", Id.Format(Id.WebhookEndpoint, endpointId),
            new AuditDetails(Since: since));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        await row.ReadAsync(cancellation);
        return ReplayAnswer.Read(row);
    }

    private static async Task<IResult> ReadAsync(
        string id,
        string replayId,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        if (!Id.TryParse(Id.WebhookEndpoint, id, out var endpoint) || !Id.TryParse(Id.Replay, replayId, out var replay))
            throw NotFound();
        await using var command = database.CreateCommand(
            $"""
            select {ReplayAnswer.Columns} from replays
            where id = $1 and merchant_id = $2 and environment = $3 and endpoint_id = $4
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = replay });
        command.Parameters.AddOwner(merchant);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpoint });
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? Results.Json(ReplayAnswer.Read(row), WebhooksJson.Default.ReplayAnswer)
            : throw NotFound();
    }

    private static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such replay.");
}
