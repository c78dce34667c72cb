using System.Buffers;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Sandbox;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.OpenApi;

namespace Kobbopay.Payments;

/// <summary>
/// The body of <c>POST /v1/payments</c>; every field may be missing as far as JSON goes, so that each is named.
/// </summary>
public sealed record CreatePaymentRequest(
    DecimalText? Amount,
    string? Currency,
    string? Network,
    string? OrderId,
    string? Description,
    IReadOnlyDictionary<string, string>? Metadata,
    int? ExpiresIn,
    string? ReturnUrl)
{
    internal const int ShortestExpiry = 300;
    internal const int LongestExpiry = 604_800;
    private const int OrderIdLimit = 128;
    private const int DescriptionLimit = 500;
    private const int UrlLimit = 2_048;
    private const int MetadataPairs = 20;
    private const int MetadataKeyLimit = 40;
    private const int MetadataValueLimit = 500;

    /// <summary>Replaces the URL of the one endpoint with the same scheme, host and port
    /// (<see cref="WebhookUrls"/>).</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>The script that plays against the payment (docs/sandbox.md); test only.</summary>
    public string? Scenario { get; init; }

    /// <summary>How long the payment is open; the merchant's default where the request does not say.</summary>
    public TimeSpan ExpiryFor(MerchantSettings merchant) =>
        ExpiresIn is { } seconds ? TimeSpan.FromSeconds(seconds) : merchant.DefaultExpiry;

    /// <summary>Holds the request against the contract and the merchant's rails.</summary>
    /// <exception cref="ProblemException">
    /// <c>invalid_request</c>, <c>unsupported_rail</c>, <c>too_many_decimals</c> or <c>amount_out_of_range</c>, with
    /// pointers.
    /// </exception>
    public (IRail Rail, RailAsset Asset, BigInteger Amount) Validate(
        string environment, MerchantSettings merchant, RailCatalog rails)
    {
        Scenarios.RequireTest(Scenario, environment);
        var errors = new List<InvalidField>();
        void Invalid(string pointer, string code, string message) =>
            errors.Add(new InvalidField(pointer, code, message));

        if (Amount is null)
            Invalid("/amount", "required", "This field is required.");
        if (string.IsNullOrEmpty(Currency))
            Invalid("/currency", "required", "This field is required.");
        if (string.IsNullOrEmpty(Network))
            Invalid("/network", "required", "This field is required.");
        if (string.IsNullOrEmpty(OrderId))
            Invalid("/orderId", "required", "This field is required.");
        else if (OrderId.Length > OrderIdLimit || TextField.HasControls(OrderId))
            Invalid("/orderId", "invalid_format", $"Must be 1 to {OrderIdLimit} printable characters.");
        if (Description?.Length > DescriptionLimit || TextField.HasControls(Description ?? string.Empty, lines: true))
        {
            Invalid(
                "/description",
                "invalid_format",
                $"Must have {DescriptionLimit} characters at most, and no control characters.");
        }

        if (ExpiresIn is < ShortestExpiry or > LongestExpiry)
            Invalid("/expiresIn", "out_of_range", $"Must be {ShortestExpiry} to {LongestExpiry} seconds.");
        if (ReturnUrl is not null && ReturnUrlError(environment, merchant) is { } urlError)
            Invalid("/returnUrl", "invalid_url", urlError);
        ValidateMetadata(Invalid);

        ProblemException.ThrowIfAny(errors);
        var (rail, asset) = Find(rails.Enabled(environment, merchant))
            ?? throw Unsupported([.. rails.Enabled(environment, merchant)]);
        var amount = AmountIn(rail, asset, Amount!.Value);
        Scenarios.Validate(Scenario, rail, amount);
        return (rail, asset, amount);
    }

    /// <summary>The exact amount in base units, for whatever request has one.</summary>
    /// <exception cref="ProblemException">It is malformed, too exact, or out of the asset's range.</exception>
    internal static BigInteger AmountIn(IRail rail, RailAsset asset, DecimalText amount, string pointer = "/amount")
    {
        var error = Domain.Amount.TryParse(amount.Text, asset.Decimals, out var units);
        var (code, message) = error switch
        {
            AmountError.Malformed => (
                ProblemCodes.InvalidRequest,
                "Must be a plain decimal number such as 10.5: no exponent, no group marks."),
            AmountError.TooManyDecimals => (
                ProblemCodes.TooManyDecimals, $"{asset.Currency} has {asset.Decimals} decimals on {rail.Network}."),
            AmountError.NotPositive => (ProblemCodes.AmountOutOfRange, "Must be above zero."),
            AmountError.None when units >= asset.Minimum && units <= asset.Maximum => (null, string.Empty),
            _ => (ProblemCodes.AmountOutOfRange,
                $"Must be {Domain.Amount.Format(asset.Minimum, asset.Decimals)} to "
                + $"{Domain.Amount.Format(asset.Maximum, asset.Decimals)} {asset.Currency}."),
        };
        return code is null
            ? units
            : throw new ProblemException(
                code,
                $"{pointer}: {message}",
                [new InvalidField(pointer, code == ProblemCodes.InvalidRequest ? "invalid_format" : code, message)]);
    }

    private (IRail Rail, RailAsset Asset)? Find(IEnumerable<(IRail Rail, RailAsset Asset)> enabled)
    {
        foreach (var (rail, asset) in enabled)
        {
            if (rail.Network == Network && asset.Currency == Currency)
                return (rail, asset);
        }

        return null;
    }

    private ProblemException Unsupported(List<(IRail Rail, RailAsset Asset)> enabled)
    {
        var message = enabled.Count > 0
            ? $"Enabled are: {string.Join(", ", enabled.Select(one => $"{one.Asset.Currency} on {one.Rail.Network}"))}."
            : "No network is enabled in this environment yet.";
        var known = enabled.Any(one => one.Rail.Network == Network);
        var pointer = known ? "/currency" : "/network";
        return new ProblemException(
            ProblemCodes.UnsupportedRail, message, [new InvalidField(pointer, ProblemCodes.UnsupportedRail, message)]);
    }

    private string? ReturnUrlError(string environment, MerchantSettings merchant)
    {
        if (ReturnUrl!.Length > UrlLimit || !Uri.TryCreate(ReturnUrl, UriKind.Absolute, out var url)
            || TextField.HasControls(ReturnUrl))
            return $"Must be an absolute URL of {UrlLimit} characters at most.";
        if (url.UserInfo.Length > 0)
            return "Must not carry credentials.";
        if (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback && environment == MerchantEnvironments.Test)
            return null;
        if (url.Scheme != Uri.UriSchemeHttps)
            return "Must be https (http only for a loopback address, in test).";
        return merchant.ReturnUrlHosts.Contains(url.IdnHost)
            ? null
            : "This host is not on your list of return URL hosts.";
    }

    private void ValidateMetadata(Action<string, string, string> invalid)
    {
        if (Metadata is null)
            return;
        if (Metadata.Count > MetadataPairs)
            invalid("/metadata", "too_many", $"Must have {MetadataPairs} pairs at most.");
        foreach (var (key, value) in Metadata.Take(MetadataPairs))
        {
            var escaped = key.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
            var pointer = $"/metadata/{escaped}";
            if (key.Length is 0 or > MetadataKeyLimit || TextField.HasControls(key))
                invalid(pointer, "invalid_format", $"A key must be 1 to {MetadataKeyLimit} printable characters.");
            else if (value is null || value.Length > MetadataValueLimit || TextField.HasControls(value, lines: true))
            {
                invalid(
                    pointer,
                    "invalid_format",
                    $"A value must be text of {MetadataValueLimit} characters at most, without control characters.");
            }
        }
    }
}

/// <summary>A JSON number or string, kept as the exact text it was: money never passes through a double.</summary>
[JsonConverter(typeof(Converter))]
[SchemaType(JsonSchemaType.Number | JsonSchemaType.String, Pattern = @"^[0-9]+(\.[0-9]+)?$")]
public readonly record struct DecimalText(string Text)
{
    public sealed class Converter : JsonConverter<DecimalText>
    {
        public override DecimalText Read(
            ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType switch
            {
                JsonTokenType.String => new DecimalText(reader.GetString()!),
                JsonTokenType.Number => new DecimalText(System.Text.Encoding.UTF8.GetString(
                    reader.HasValueSequence ? reader.ValueSequence.ToArray() : reader.ValueSpan)),
                _ => throw new JsonException(),
            };

        public override void Write(Utf8JsonWriter writer, DecimalText value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.Text);
    }
}
