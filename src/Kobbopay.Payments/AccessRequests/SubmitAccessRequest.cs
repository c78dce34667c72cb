using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.AccessRequests;

/// <summary><c>POST /v1/access-requests</c>, and what the form at <c>/request-access</c> posts: for anybody.</summary>
internal static class SubmitAccessRequest
{
    public static void MapSubmitAccessRequest(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/access-requests", HandleAsync).AllowPublic()
            .Describe("submitAccessRequest", "Ask for access")
            .Takes<AccessApplication>("contactEmail", "useCase")
            .Answers<SubmittedJson>(StatusCodes.Status201Created);

    private static async Task<IResult> HandleAsync(
        HttpContext http, AccessRequestStore store, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, AccessRequestsJson.Default.AccessApplication, cancellation);
        ProblemException.ThrowIfAny(body.Value.Check());
        var submitted = await store.AddAsync(http, body.Value, cancellation);
        return Results.Json(
            submitted, AccessRequestsJson.Default.SubmittedJson, statusCode: StatusCodes.Status201Created);
    }
}

/// <summary>Stores requests, and finds them again by their applicants' tokens.</summary>
internal sealed class AccessRequestStore(
    NpgsqlDataSource database, PublicUrl url, AuditTrail audit, TimeProvider clock)
{
    /// <param name="application">Checked before.</param>
    public async Task<SubmittedJson> AddAsync(
        HttpContext http, AccessApplication application, CancellationToken cancellation)
    {
        var now = clock.Now();
        var (id, token) = (Id.New(now), SecretToken.New());
        var shown = Id.Format(Id.AccessRequest, id);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await using var batch = new NpgsqlBatch(connection, transaction);
        var insert = batch.Add("""
            insert into access_requests
              (id, company, website, contact_email, use_case, integration_type, volume, rails, markets,
               technical_contact, token_hash, address, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """);
        insert.AddId(id);
        insert.AddText(Trimmed(application.Company) ?? Trimmed(application.Website));
        insert.AddText(Trimmed(application.Website));
        insert.AddText(application.ContactEmail!.Trim());
        insert.AddText(application.UseCase!.Trim());
        insert.AddText(Trimmed(application.IntegrationType));
        insert.AddText(Trimmed(application.Volume));
        insert.AddTexts(Trimmed(application.Rails));
        insert.AddTexts(Trimmed(application.Markets));
        insert.AddText(Trimmed(application.TechnicalContact));
        insert.AddText(SecretToken.Hash(token));
        insert.AddText(AuditTrail.AddressOf(http));
        insert.AddTime(now);
        audit.Add(batch, http, "access_request.submitted", shown, details: new JsonObject
        {
            ["company"] = Trimmed(application.Company) ?? Trimmed(application.Website),
        });
        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new SubmittedJson(shown, "new", url.OfAccessRequest(token));
    }

    /// <summary>What an applicant may see, or null for a token that nobody was given.</summary>
    public async Task<ApplicantViewJson?> FindAsync(string token, CancellationToken cancellation)
    {
        if (!SecretToken.IsWellFormed(token))
            return null;
        await using var command = database.CreateCommand(
            "select id, status, company, created_at, reason, decided_at from access_requests where token_hash = $1");
        command.Parameters.AddText(SecretToken.Hash(token));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? new ApplicantViewJson(
                Id.Format(Id.AccessRequest, row.GetGuid(0)), row.GetString(1), row.GetString(2),
                PaymentRows.Time(row, 3), PaymentRows.TextOrNull(row, 4),
                row.IsDBNull(5) ? null : PaymentRows.Time(row, 5))
            : null;
    }

    private static string? Trimmed(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static string[] Trimmed(IReadOnlyList<string?>? list) => [.. (list ?? []).Select(Trimmed).OfType<string>()];
}
