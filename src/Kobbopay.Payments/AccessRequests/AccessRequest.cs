using System.Net.Mail;
using System.Text.Json.Serialization;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments.AccessRequests;

/// <summary>What an applicant says (contracts.md, section 6); from JSON or from the form.</summary>
/// <param name="Rails">Currencies and networks, in the applicant's words.</param>
internal sealed record AccessApplication(
    string? Company,
    string? Website,
    string? ContactEmail,
    string? UseCase,
    string? IntegrationType,
    string? Volume,
    IReadOnlyList<string?>? Rails,
    IReadOnlyList<string?>? Markets,
    string? TechnicalContact)
{
    public const int ShortestUseCase = 20;
    public const int LineLimit = 200;
    public const int UseCaseLimit = 4_000;
    private const int ListLimit = 30;

    /// <summary>Everything that is wrong with it.</summary>
    public List<InvalidField> Check()
    {
        var errors = new List<InvalidField?>
        {
            string.IsNullOrWhiteSpace(Company) && string.IsNullOrWhiteSpace(Website)
                ? new InvalidField("/company", "required", "Name your company or its website.")
                : TextField.Check("/company", Company, LineLimit),
            CheckWebsite(),
            CheckEmail("/contactEmail", ContactEmail, required: true),
            TextField.Check("/useCase", UseCase, UseCaseLimit, ShortestUseCase, lines: true),
            TextField.Check("/integrationType", IntegrationType, LineLimit),
            TextField.Check("/volume", Volume, LineLimit),
            TextField.Check("/technicalContact", TechnicalContact, LineLimit),
        };
        errors.AddRange(CheckList("/rails", Rails));
        errors.AddRange(CheckList("/markets", Markets));
        return [.. errors.OfType<InvalidField>()];
    }

    private InvalidField? CheckWebsite()
    {
        if (string.IsNullOrWhiteSpace(Website))
            return null;
        var address = Website.Contains("://", StringComparison.Ordinal) ? Website : $"https://{Website}";
        return Website.Length <= LineLimit && !Website.Any(c => char.IsControl(c) || char.IsWhiteSpace(c))
            && Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "https" or "http"
            && url.Host.Contains('.', StringComparison.Ordinal)
            ? null
            : new InvalidField("/website", "invalid_url", "Must be a website, such as shop.example.com.");
    }

    private static InvalidField? CheckEmail(string pointer, string? email, bool required) =>
        TextField.Check(pointer, email, LineLimit, required ? 1 : 0)
            ?? (MailAddress.TryCreate(email, out var parsed) && parsed.Address == email
                && parsed.Host.Contains('.', StringComparison.Ordinal)
                ? null
                : new InvalidField(pointer, "invalid_format", "Must be an e-mail address."));

    private static IEnumerable<InvalidField?> CheckList(string pointer, IReadOnlyList<string?>? list) => list switch
    {
        null => [],
        { Count: > ListLimit } => [new InvalidField(pointer, "too_many", $"Up to {ListLimit} entries.")],
        _ => list.Index().Select(entry => TextField.Check($"{pointer}/{entry.Index}", entry.Item, LineLimit, least: 1)),
    };
}

/// <summary>An access request as operators see it.</summary>
/// <param name="Status"><c>new</c>, <c>deferred</c>, <c>approved</c> or <c>declined</c>.</param>
/// <param name="Reason">What the applicant reads.</param>
/// <param name="Notes">What operators wrote for each other; the newest 20 in a list.</param>
internal sealed record AccessRequestJson(
    string Id,
    string Status,
    string Company,
    string? Website,
    string ContactEmail,
    string UseCase,
    string? IntegrationType,
    string? Volume,
    IReadOnlyList<string> Rails,
    IReadOnlyList<string> Markets,
    string? TechnicalContact,
    string? Address,
    DateTimeOffset CreatedAt,
    string? Reason,
    string? DecidedBy,
    DateTimeOffset? DecidedAt,
    string? MerchantId,
    IReadOnlyList<AccessNoteJson> Notes)
{
    /// <summary>The order is <see cref="Read"/>'s.</summary>
    public const string Columns = """
        r.id, r.status, r.company, r.website, r.contact_email, r.use_case, r.integration_type, r.volume, r.rails,
        r.markets, r.technical_contact, r.address, r.created_at, r.reason, r.decided_by, r.decided_at, r.merchant_id
        """;

    public static AccessRequestJson Read(NpgsqlDataReader row) => new(
        Contracts.Id.Format(Contracts.Id.AccessRequest, row.GetGuid(0)),
        row.GetString(1),
        row.GetString(2),
        PaymentRows.TextOrNull(row, 3),
        row.GetString(4),
        row.GetString(5),
        PaymentRows.TextOrNull(row, 6),
        PaymentRows.TextOrNull(row, 7),
        row.GetFieldValue<string[]>(8),
        row.GetFieldValue<string[]>(9),
        PaymentRows.TextOrNull(row, 10),
        PaymentRows.TextOrNull(row, 11),
        PaymentRows.Time(row, 12),
        PaymentRows.TextOrNull(row, 13),
        PaymentRows.TextOrNull(row, 14),
        row.IsDBNull(15) ? null : PaymentRows.Time(row, 15),
        row.IsDBNull(16) ? null : Contracts.Id.Format(Contracts.Id.Merchant, row.GetGuid(16)),
        []);

    public static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such access request.");

    /// <exception cref="ProblemException"><c>not_found</c>.</exception>
    public static Guid ParseId(string text) =>
        Contracts.Id.TryParse(Contracts.Id.AccessRequest, text, out var id) ? id : throw NotFound();
}

internal sealed record AccessNoteJson(string Author, string Text, DateTimeOffset CreatedAt);

/// <param name="StatusUrl">Shows the applicant what became of it; whoever has it can see that.</param>
internal sealed record SubmittedJson(string Id, string Status, string StatusUrl);

/// <summary>An access request as its applicant sees it.</summary>
internal sealed record ApplicantViewJson(
    string Id, string Status, string Company, DateTimeOffset CreatedAt, string? Reason, DateTimeOffset? DecidedAt);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(AccessApplication))]
[JsonSerializable(typeof(AccessRequestJson))]
[JsonSerializable(typeof(Page<AccessRequestJson>), TypeInfoPropertyName = "AccessRequestPage")]
[JsonSerializable(typeof(SubmittedJson))]
[JsonSerializable(typeof(ApplicantViewJson))]
[JsonSerializable(typeof(NoteRequest))]
[JsonSerializable(typeof(DecisionRequest))]
[JsonSerializable(typeof(ApproveRequest))]
[JsonSerializable(typeof(ApprovedJson))]
internal sealed partial class AccessRequestsJson : JsonSerializerContext;
