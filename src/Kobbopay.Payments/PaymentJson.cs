using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;

namespace Kobbopay.Payments;

/// <summary>
/// The payment as merchants see it: answer, list row and event snapshot alike (contracts.md, section 2).
/// </summary>
public sealed record PaymentJson(
    [property: JsonPropertyName("payment_id")] string PaymentId,
    string Environment,
    string Status,
    string Outcome,
    bool Late,
    string Amount,
    string Currency,
    string Network,
    AssetJson Asset,
    string OrderId,
    string? Description,
    string DepositAddress,
    string AddressPath,
    string? XpubFingerprint,
    string PaymentUri,
    string AmountReceived,
    string AmountConfirmed,
    string AmountDue,
    int Confirmations,
    int RequiredConfirmations,
    IReadOnlyList<TransferJson> Transfers,
    int TransferCount,
    string PublicStatusUrl,
    string? ReturnUrl,
    string? WebhookUrl,
    IReadOnlyDictionary<string, string> Metadata,
    int Version,
    FulfilmentJson Fulfilment,
    DetectionJson Detection,
    DateTimeOffset CreatedAt,
    DateTimeOffset ExpiresAt,
    DateTimeOffset? PaidAt,
    DateTimeOffset? ConfirmedAt)
{
    /// <summary>An object carries the newest transfers only, with their count; the rest is a list of its own.</summary>
    public const int TransfersShown = 20;

    /// <summary>
    /// Bytes of a new payment at most: what it may gain later (transfers, amounts, times, and the envelope around it)
    /// is below 12 KiB, and an event has at most 64 (contracts.md, section 3).
    /// </summary>
    public const int CreationLimit = 52 * 1024;
}

public sealed record AssetJson(string? Contract, int Decimals);

public sealed record TransferJson(
    string Id, string TxHash, string Amount, long BlockNumber, string BlockHash, int Confirmations, bool OnTime);

public sealed record FulfilmentJson(string Decision, string Reason);

public sealed record DetectionJson(bool Delayed);

/// <summary>Renders payments; the public URL is configuration, never the request's Host.</summary>
public sealed class PaymentRenderer(PublicUrl publicUrl, Rails.RailCatalog rails)
{
    public PaymentJson Render(PaymentDetails details, Payment state, bool delayed) =>
        Render(new PaymentView(details, state, TransferSummary.Of(state), Progress: 0, delayed));

    public PaymentJson Render(PaymentView payment)
    {
        var (details, state, transfers, _, delayed) = payment;
        string Text(System.Numerics.BigInteger units) => Domain.Amount.Format(units, details.Decimals);
        var fulfilment = Fulfilment.Of(state, transfers.Received, transfers.Final, transfers.Outcome);
        return new PaymentJson(
            Id.Format(Id.Payment, details.Id),
            details.Environment,
            state.Status.ToString(),
            NameOf(transfers.Outcome),
            state.Late,
            Text(state.Terms.Amount),
            details.Currency,
            details.Network,
            new AssetJson(details.Contract, details.Decimals),
            details.OrderId,
            details.Description,
            details.DepositAddress,
            details.AddressPath,
            details.XpubFingerprint,
            details.PaymentUri,
            Text(transfers.Received),
            Text(transfers.Final),
            Text(state.Due),
            transfers.Confirmations,
            state.Terms.RequiredConfirmations,
            [.. transfers.Newest.Select(transfer => new TransferJson(
                Id.Format(Id.Transfer, transfer.Id),
                transfer.TxHash,
                Text(transfer.Amount),
                transfer.BlockNumber,
                transfer.BlockHash,
                ConfirmationsOf(transfer, state),
                transfer.FirstBlockTime <= state.Terms.ExpiresAt))],
            transfers.Count,
            publicUrl.OfPayment(details.PublicToken),
            details.ReturnUrl,
            details.WebhookUrl,
            Ordered(details.Metadata),
            state.Version,
            new FulfilmentJson(fulfilment.Decision, fulfilment.Reason),
            new DetectionJson(delayed && PaymentRecord.ShowsDelay(state)),
            state.Terms.CreatedAt,
            state.Terms.ExpiresAt,
            state.PaidAt,
            state.ConfirmedAt);
    }

    /// <summary>What the payer may see: the closed list of contracts.md, section 5.</summary>
    public PublicPayment RenderPublic(
        PaymentDetails details, Payment state, int progress, bool delayed, string merchantName) =>
        RenderPublic(new PaymentView(details, state, TransferSummary.Of(state), progress, delayed), merchantName);

    public PublicPayment RenderPublic(PaymentView payment, string merchantName)
    {
        var (details, state, transfers, progress, delayed) = payment;
        string Text(System.Numerics.BigInteger units) => Domain.Amount.Format(units, details.Decimals);
        var rail = rails.Of(details.Network);
        return new PublicPayment(
            details.PublicToken,
            state.Version,
            progress,
            details.Environment,
            merchantName,
            Text(state.Terms.Amount),
            details.Currency,
            details.Network,
            rail.NetworkName,
            details.Contract,
            details.DepositAddress,
            details.PaymentUri,
            state.Status.ToString(),
            NameOf(transfers.Outcome),
            state.Late,
            Text(transfers.Received),
            Text(state.MissingAfter(transfers.Received)),
            transfers.Confirmations,
            state.Terms.RequiredConfirmations,
            delayed && PaymentRecord.ShowsDelay(state),
            state.Terms.ExpiresAt,
            details.ReturnUrl,
            [.. transfers.Newest.Select(transfer => new PublicTransfer(
                transfer.TxHash,
                rail.ExplorerUrl(transfer.TxHash),
                Text(transfer.Amount),
                ConfirmationsOf(transfer, state)))],
            SetbackOf(state, transfers.Received));
    }

    private static string? SetbackOf(Payment state, System.Numerics.BigInteger received) => state.Status switch
    {
        PaymentStatus.Confirmed when received < state.Due => PaymentSetbacks.FinalityViolated,
        PaymentStatus.Paid or PaymentStatus.Confirmed => null,
        _ => state.RevertedAt is null ? null : PaymentSetbacks.Reverted,
    };

    public static string NameOf(PaymentOutcome outcome) => outcome.ToString().ToLowerInvariant();

    /// <summary>In one order always: the database keeps another than the request had.</summary>
    private static IReadOnlyDictionary<string, string> Ordered(IReadOnlyDictionary<string, string> metadata) =>
        metadata.Count < 2
            ? metadata
            : new OrderedDictionary<string, string>(metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal));

    /// <summary>Like the payment's, it stops counting at the required number.</summary>
    private static int ConfirmationsOf(Transfer transfer, Payment state) =>
        Math.Min(transfer.ConfirmationsAt(state.Head), state.Terms.RequiredConfirmations);
}

/// <summary>Where the outside reaches this installation (configuration <c>PublicUrl</c>).</summary>
public sealed class PublicUrl(IConfiguration configuration)
{
    private readonly string _base = (configuration["PublicUrl"]
        ?? throw new InvalidOperationException("PublicUrl is not configured")).TrimEnd('/');

    public string OfPayment(string token) => $"{_base}/pay/{token}";

    /// <summary>What an applicant sees of an access request.</summary>
    public string OfAccessRequest(string token) => $"{_base}/request-access/{token}";

    /// <summary>The token is in the fragment, which no server and no log ever sees.</summary>
    public string OfClaim(string token) => $"{_base}/claim#{token}";
}

/// <summary>RFC 3339 UTC with exactly three decimals, as contracts.md has every time.</summary>
public sealed class MillisecondTime : JsonConverter<DateTimeOffset>
{
    public const string Format = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
    {
        Span<char> text = stackalloc char[24];
        value.UtcDateTime.TryFormat(text, out var length, Format);
        writer.WriteStringValue(text[..length]);
    }
}
