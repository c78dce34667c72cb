using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Webhooks.Certification;

/// <summary><c>GET /v1/certification</c> and <c>.../{id}</c>: the reports, as they were given.</summary>
internal static class ReadCertifications
{
    public static void MapReadCertifications(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/certification", ListAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("listCertifications", "List certification reports, newest first")
            .Answers<Page<CertificationAnswer>>();
        app.MapGet("/v1/certification/{id}", OneAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("getCertification", "Read a certification report")
            .Answers<CertificationAnswer>();
    }

    private static async Task<IResult> ListAsync(
        [AsParameters] PageQuery query,
        MerchantIdentity merchant,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var range = query.Parse(merchant, "certification");
        await using var command = database.CreateCommand(
            $"""
            select {CertificationAnswer.Columns} from certifications
            where merchant_id = $3 and environment = $4 and {range.Where("id")}
            {range.OrderAndLimit("id")}
            """);
        command.Parameters.AddPage(range);
        command.Parameters.AddOwner(merchant);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var rows = new List<(Guid Id, CertificationAnswer Answer)>();
        while (await row.ReadAsync(cancellation))
            rows.Add((row.GetGuid(0), CertificationAnswer.Read(row)));
        var page = range.Of(rows, one => one.Id);
        return Results.Json(
            new Page<CertificationAnswer>([.. page.Data.Select(one => one.Answer)], page.HasMore, page.NextCursor),
            WebhooksJson.Default.CertificationPage);
    }

    private static async Task<IResult> OneAsync(
        string id, MerchantIdentity merchant, NpgsqlDataSource database, CancellationToken cancellation)
    {
        if (!Id.TryParse(Id.Certification, id, out var certification))
            throw NotFound();
        await using var command = database.CreateCommand(
            $"""
            select {CertificationAnswer.Columns} from certifications
            where id = $1 and merchant_id = $2 and environment = $3
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = certification });
        command.Parameters.AddOwner(merchant);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? Results.Json(CertificationAnswer.Read(row), WebhooksJson.Default.CertificationAnswer)
            : throw NotFound();
    }

    private static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such certification.");
}

/// <param name="Status"><c>passed</c>, or <c>failed</c> when a check is; a warning fails nothing.</param>
internal sealed record CertificationAnswer(
    string Id, string Status, string Endpoint, string Url, DateTimeOffset CreatedAt, IReadOnlyList<CheckAnswer> Checks)
{
    public const string Columns = "id, status, endpoint_id, url, created_at, checks";

    public static CertificationAnswer Of(
        Guid id, DeliveryTarget target, IReadOnlyList<CheckAnswer> checks, DateTimeOffset now) => new(
        Contracts.Id.Format(Contracts.Id.Certification, id),
        checks.Any(check => check.Status == Check.Failed) ? Check.Failed : Check.Passed,
        Contracts.Id.Format(Contracts.Id.WebhookEndpoint, target.EndpointId), target.Url, now, checks);

    public static CertificationAnswer Read(NpgsqlDataReader row) => new(
        Contracts.Id.Format(Contracts.Id.Certification, row.GetGuid(0)),
        row.GetString(1),
        Contracts.Id.Format(Contracts.Id.WebhookEndpoint, row.GetGuid(2)),
        row.GetString(3),
        row.GetFieldValue<DateTimeOffset>(4),
        JsonSerializer.Deserialize(row.GetString(5), WebhooksJson.Default.Checks)!);
}
