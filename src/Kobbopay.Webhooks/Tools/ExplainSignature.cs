using System.Globalization;
using System.Text;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Tools;

/// <summary>
/// <c>POST /v1/webhook-tools/explain-signature</c> (contracts.md, section 4): a merchant gives what its receiver got,
/// and is told why it does not verify. Nothing is stored.
/// </summary>
internal static class ExplainSignature
{
    private const int HeaderLimit = 50;

    private static readonly string[] TimeFormats =
        ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    public static void MapExplainSignature(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/webhook-tools/explain-signature", HandleAsync).RequireMerchant(Scopes.WebhooksRead)
            .Describe("explainWebhookSignature", "Explain why a webhook does not verify")
            .Takes<ExplainSignatureRequest>("headers")
            .Answers<ExplainSignatureAnswer>();

    private static async Task<IResult> HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        KnownSecrets secrets,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var (request, _) = await JsonBody.ReadAsync(http, WebhooksJson.Default.ExplainSignatureRequest, cancellation);
        var received = await CompleteAsync(
            Validate(request, clock.GetUtcNow()), merchant, secrets, database, cancellation);
        var schemes = SignatureScheme.All.Where(scheme => scheme.IsIn(received.Headers)).ToArray();
        var findings = schemes.Select(received.Judge).ToArray();
        if (findings.Any(IsUnexplained))
            await LookAcrossAsync(received, merchant, secrets, schemes, findings, cancellation);

        var decisive = Array.Find(findings, finding => finding.Verdict != SignatureVerdicts.Valid)
            ?? findings.FirstOrDefault() ?? SignatureScheme.NoneAtAll();
        return Results.Json(
            new ExplainSignatureAnswer(decisive, findings), WebhooksJson.Default.ExplainSignatureAnswer);
    }

    /// <summary>
    /// The one look into the other environment: at the same merchant's secrets alone, and all it says is that one of
    /// them gave the signature.
    /// </summary>
    private static async Task LookAcrossAsync(
        ReceivedRequest received,
        MerchantIdentity merchant,
        KnownSecrets secrets,
        SignatureScheme[] schemes,
        SignatureFinding[] findings,
        CancellationToken cancellation)
    {
        var other = merchant.Environment == MerchantEnvironments.Live
            ? MerchantEnvironments.Test
            : MerchantEnvironments.Live;
        var across = await secrets.ReadAsync(merchant.MerchantId, other, first: null, cancellation);
        foreach (var (at, finding) in findings.Index())
        {
            if (IsUnexplained(finding) && received.Find(schemes[at], received.Body, across) is not null)
            {
                findings[at] = schemes[at].WrongEnvironment(merchant.Environment, other) with
                {
                    AgeSeconds = finding.AgeSeconds,
                };
            }
        }
    }

    private static bool IsUnexplained(SignatureFinding finding) =>
        finding.Verdict is SignatureVerdicts.UnknownSignature or SignatureVerdicts.DeliveryUnknown;

    /// <summary>Adds what is known to this merchant in this environment.</summary>
    private static async Task<ReceivedRequest> CompleteAsync(
        ReceivedRequest received,
        MerchantIdentity merchant,
        KnownSecrets secrets,
        NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var known = await secrets.ReadAsync(
            merchant.MerchantId, merchant.Environment, received.EndpointId, cancellation);
        if (received.EndpointId is { } asked && known.TrueForAll(secret => secret.EndpointId != asked))
            throw Invalid(new InvalidField("/endpointId", "unknown_value", "There is no such webhook endpoint."));

        var names = received.Headers;
        var eventName = names.GetValueOrDefault(WebhookHeaders.StandardId)
            ?? names.GetValueOrDefault(WebhookHeaders.EventId);
        var deliveryName = names.GetValueOrDefault(WebhookHeaders.DeliveryId);
        await using var command = database.CreateCommand(
            """
            select (select body from webhook_events where id = $3 and merchant_id = $1 and environment = $2),
              exists (select from deliveries where id = $4 and merchant_id = $1 and environment = $2)
            """);
        command.Parameters.AddOwner(merchant);
        command.Parameters.AddNullable(Parse(Id.Event, eventName), NpgsqlDbType.Uuid);
        command.Parameters.AddNullable(Parse(Id.Delivery, deliveryName), NpgsqlDbType.Uuid);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        await reader.ReadAsync(cancellation);
        var sent = reader.IsDBNull(0) ? null : reader.GetFieldValue<byte[]>(0);
        return received with
        {
            Secrets = known,
            SentBody = sent,
            NamesUnknown = (eventName is not null && sent is null)
                || (deliveryName is not null && !reader.GetBoolean(1)),
        };
    }

    private static Guid? Parse(string prefix, string? name) => Id.TryParse(prefix, name, out var id) ? id : null;

    /// <exception cref="ProblemException"><c>invalid_request</c> with every field that is wrong.</exception>
    private static ReceivedRequest Validate(ExplainSignatureRequest request, DateTimeOffset now)
    {
        var errors = new List<InvalidField>();
        Guid? endpoint = Id.TryParse(Id.WebhookEndpoint, request.EndpointId, out var id) ? id : null;
        if (request.EndpointId is not null && endpoint is null)
            errors.Add(new InvalidField("/endpointId", "invalid_format", "This is not an id of the form whe_..."));
        var headers = ReadHeaders(request.Headers, errors);
        var body = ReadBody(request, errors);
        var receivedAt = now;
        if (request.ReceivedAt is { } time && !DateTimeOffset.TryParseExact(
            time, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out receivedAt))
        {
            errors.Add(new InvalidField(
                "/receivedAt", "invalid_format", "Must be an RFC 3339 time with its zone: 2026-01-31T00:00:00Z."));
        }

        return errors.Count == 0
            ? new ReceivedRequest(headers, body, receivedAt, endpoint) { Secrets = [] }
            : throw Invalid([.. errors]);
    }

    private static Dictionary<string, string> ReadHeaders(
        IReadOnlyDictionary<string, string?>? given, List<InvalidField> errors)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (given is null)
            errors.Add(new InvalidField("/headers", "required", "Give the headers as they were received."));
        else if (given.Count > HeaderLimit)
            errors.Add(new InvalidField("/headers", "too_long", $"Up to {HeaderLimit} headers."));
        else if (given.Any(header => header.Value is null))
            errors.Add(new InvalidField("/headers", "wrong_type", "Each header has a text as its value."));
        else if (given.Any(header => !headers.TryAdd(header.Key, header.Value!)))
            errors.Add(new InvalidField("/headers", "duplicate_field", "The names of headers ignore case."));
        return headers;
    }

    private static byte[] ReadBody(ExplainSignatureRequest request, List<InvalidField> errors)
    {
        if (request.Body is null && request.BodyBase64 is null)
            errors.Add(new InvalidField("/body", "required", "Give body (text) or bodyBase64 (the exact bytes)."));
        if (request.Body is not null && request.BodyBase64 is not null)
            errors.Add(new InvalidField("/bodyBase64", "conflict", "Give either body or bodyBase64."));
        if (request.Body is not null)
            return Encoding.UTF8.GetBytes(request.Body);

        var bytes = new byte[request.BodyBase64?.Length ?? 0];
        if (request.BodyBase64 is { } text && Convert.TryFromBase64String(text, bytes, out var length))
            return bytes[..length];
        if (request.BodyBase64 is not null)
            errors.Add(new InvalidField("/bodyBase64", "invalid_format", "This is not base64."));
        return [];
    }

    private static ProblemException Invalid(params InvalidField[] errors) => new(
        ProblemCodes.InvalidRequest, $"{errors[0].Pointer}: {errors[0].Message}", errors);
}

/// <param name="EndpointId">The endpoint that the receiver stands for; without it, any is right.</param>
/// <param name="ReceivedAt">RFC 3339; now unless given.</param>
internal sealed record ExplainSignatureRequest(
    string? EndpointId,
    IReadOnlyDictionary<string, string?>? Headers,
    string? Body,
    string? BodyBase64,
    string? ReceivedAt);

internal static class ToolsRegistration
{
    public static void AddTools(this IServiceCollection services)
    {
        services.AddSingleton<KnownSecrets>();
        services.AddLoop<ForgetRetiredSecrets>();
    }
}
