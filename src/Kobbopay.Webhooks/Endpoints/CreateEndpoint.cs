using System.Text.Json.Serialization;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Webhooks.Deliveries;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary><c>POST /v1/webhook-endpoints</c> (contracts.md, section 4).</summary>
internal static class CreateEndpoint
{
    private const int LongestDescription = 500;

    public static void MapCreateEndpoint(this IEndpointRouteBuilder app) =>
        app.MapPost("/v1/webhook-endpoints", HandleAsync).RequireMerchant(Scopes.WebhooksWrite);

    private static async Task HandleAsync(
        HttpContext http,
        MerchantIdentity merchant,
        EgressGuard egress,
        SecretVault vault,
        StoredAnswers answers,
        NpgsqlDataSource database,
        TimeProvider clock,
        CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, WebhooksJson.Default.CreateEndpointRequest, cancellation);
        http.Response.Headers.CacheControl = "no-store";
        await answers.AnswerAsync(
            http, merchant, body.Bytes, WebhooksJson.Default.CreatedEndpointAnswer, CreateAsync, cancellation);

        async Task CreateAsync(GiveAnswer<CreatedEndpointAnswer> answer)
        {
            Validate(body.Value, merchant.Environment, egress);
            var secret = WebhookSecret.Create();
            var row = Make(body.Value, merchant, clock);
            await using var batch = database.CreateBatch();
            row.Insert(batch, vault.Seal(row.Id, secret));
            var created = EndpointAnswer.Of(row);
            answer(
                batch,
                new CreatedEndpointAnswer(created, secret),
                StatusCodes.Status201Created,
                $"/v1/webhook-endpoints/{created.Id}",
                onReplay: new CreatedEndpointAnswer(created, secret: null));
            await batch.ExecuteNonQueryAsync(cancellation);
        }
    }

    private static EndpointRow Make(
        CreateEndpointRequest request, MerchantIdentity merchant, TimeProvider clock) => new(
        Id.New(clock),
        merchant.MerchantId,
        merchant.Environment,
        request.Url!,
        [.. request.Events!.OfType<string>().Distinct()],
        request.Description,
        request.Ordering ?? EndpointOrdering.None,
        request.BodySignature ?? true,
        clock.GetUtcNow());

    /// <exception cref="ProblemException"><c>invalid_request</c> with every field that is wrong.</exception>
    private static void Validate(CreateEndpointRequest request, string environment, EgressGuard egress)
    {
        var errors = new List<InvalidField>();
        if (EndpointUrl.Check(request.Url, environment, egress) is { } badUrl)
            errors.Add(badUrl);
        errors.AddRange(CheckEvents(request.Events));
        if (request.Description is { } text && (text.Length > LongestDescription || text.Any(char.IsControl)))
            errors.Add(new InvalidField("/description", "invalid_format", "Up to 500 printable characters."));
        if (request.Ordering is not (null or EndpointOrdering.None or EndpointOrdering.PerPayment))
            errors.Add(new InvalidField("/ordering", "unknown_value", "One of none, per_payment."));
        if (errors.Count > 0)
        {
            throw new ProblemException(
                ProblemCodes.InvalidRequest, $"{errors[0].Pointer}: {errors[0].Message}", errors);
        }
    }

    private static IEnumerable<InvalidField> CheckEvents(IReadOnlyList<string?>? events) => events switch
    {
        null => [new InvalidField("/events", "required", "Name the events, or * for all of them.")],
        [] => [new InvalidField("/events", "too_short", "Name one event at least, or * for all of them.")],
        { Count: > EventPatterns.Limit } =>
            [new InvalidField("/events", "too_long", $"Up to {EventPatterns.Limit} entries.")],
        _ => events.Index().Where(entry => !EventPatterns.IsKnown(entry.Item)).Select(entry => new InvalidField(
            $"/events/{entry.Index}", "unknown_event", "No event has this name; payment.* and * are patterns.")),
    };
}

/// <summary>How an endpoint takes the events of one payment.</summary>
internal static class EndpointOrdering
{
    public const string None = "none";

    /// <summary>The next one waits until the previous one is done.</summary>
    public const string PerPayment = "per_payment";
}

/// <param name="BodySignature">Whether <c>X-Signature</c>, which has no time in it, is sent too; default true.</param>
internal sealed record CreateEndpointRequest(
    string? Url, IReadOnlyList<string?>? Events, string? Description, string? Ordering, bool? BodySignature);

/// <summary>The endpoint and, this once, its secret.</summary>
internal sealed record CreatedEndpointAnswer : EndpointAnswer
{
    public CreatedEndpointAnswer(EndpointAnswer endpoint, string? secret)
        : base(endpoint) => Secret = secret;

    public string? Secret { get; }

    /// <summary>This is the answer of an earlier request with the same idempotency key: no secret is kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool SecretAlreadyShown => Secret is null;
}
