using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;

namespace Kobbopay.Payments.AccessRequests;

/// <summary>
/// <c>GET /v1/operator/access-requests</c> and <c>.../{id}</c> for operators; <c>GET /v1/access-requests/{token}</c>
/// for the applicant.
/// </summary>
internal static class ReadAccessRequests
{
    private const string List = "access-requests";
    private static readonly string[] Statuses = ["new", "deferred", "approved", "declined"];

    public static void MapReadAccessRequests(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/operator/access-requests", ListAsync).RequireOperator()
            .Describe("listAccessRequests", "List access requests, newest first")
            .TakesQuery(RequestQuery.PageNames)
            .WithParameter("status", "Only those of this status.", Statuses)
            .Answers<Page<AccessRequestJson>>();
        app.MapGet("/v1/operator/access-requests/{requestId}", ReadAsync).RequireOperator()
            .Describe("getAccessRequest", "Read an access request with its notes")
            .Answers<AccessRequestJson>();
        app.MapGet("/v1/access-requests/{token}", ReadForApplicantAsync).AllowPublic()
            .Describe("getOwnAccessRequest", "Read what became of an own access request")
            .Answers<ApplicantViewJson>();
    }

    /// <summary>A request with its notes, newest first.</summary>
    /// <exception cref="ProblemException"><c>not_found</c>.</exception>
    internal static async Task<AccessRequestJson> FindAsync(
        NpgsqlConnection connection, Guid id, CancellationToken cancellation)
    {
        await using var batch = connection.CreateBatch();
        batch.Add($"select {AccessRequestJson.Columns} from access_requests r where r.id = $1").AddId(id);
        batch.Add("select author, text, created_at from access_request_notes where request_id = $1 order by id desc")
            .AddId(id);
        await using var row = await batch.ExecuteReaderAsync(cancellation);
        if (!await row.ReadAsync(cancellation))
            throw AccessRequestJson.NotFound();
        var request = AccessRequestJson.Read(row);
        await row.NextResultAsync(cancellation);
        var notes = new List<AccessNoteJson>();
        while (await row.ReadAsync(cancellation))
            notes.Add(new AccessNoteJson(row.GetString(0), row.GetString(1), PaymentRows.Time(row, 2)));
        return request with { Notes = notes };
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var query = RequestQuery.Of(http.Request.QueryString, [.. RequestQuery.PageNames, "status"]);
        var page = query.OperatorPage(List);
        await using var command = database.CreateCommand(
            $"""
            select {AccessRequestJson.Columns} from access_requests r
            where {page.Where("r.id")} and ($3::text is null or r.status = $3) {page.OrderAndLimit("r.id")}
            """);
        command.Parameters.AddPage(page);
        command.Parameters.AddText(query.OneOf("status", Statuses));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var requests = new List<AccessRequestJson>();
        while (await row.ReadAsync(cancellation))
            requests.Add(AccessRequestJson.Read(row));
        return Results.Json(
            page.Of(requests, request => AccessRequestJson.ParseId(request.Id)),
            AccessRequestsJson.Default.AccessRequestPage);
    }

    private static async Task<IResult> ReadAsync(
        string requestId, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var id = AccessRequestJson.ParseId(requestId);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        return Results.Json(
            await FindAsync(connection, id, cancellation), AccessRequestsJson.Default.AccessRequestJson);
    }

    private static async Task<IResult> ReadForApplicantAsync(
        string token, AccessRequestStore store, CancellationToken cancellation) =>
        await store.FindAsync(token, cancellation) is { } view
            ? Results.Json(view, AccessRequestsJson.Default.ApplicantViewJson)
            : throw AccessRequestJson.NotFound();
}
