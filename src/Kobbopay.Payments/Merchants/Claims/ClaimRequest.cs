using System.Text.Json.Serialization;
using Kobbopay.Payments.Merchants.ApiKeys;

namespace Kobbopay.Payments.Merchants.Claims;

/// <summary>
/// The body of <c>POST /v1/claims/preview</c> and <c>POST /v1/claims</c>: the link's token and its code, and what the
/// merchant enters.
/// </summary>
/// <param name="Xpubs">By network, for those that need one.</param>
/// <param name="Addresses">Of the claim alone: the addresses 0 to 2 of each network, as the merchant found them in its
/// own wallet.</param>
/// <param name="WebhookUrl">Of the claim alone: where the first endpoint is; without it none is made.</param>
internal sealed record ClaimRequest(
    string? Token,
    string? Code,
    IReadOnlyDictionary<string, string?>? Xpubs,
    IReadOnlyDictionary<string, IReadOnlyList<string?>?>? Addresses,
    string? WebhookUrl);

/// <summary>The first addresses of an xpub on a network, for the merchant to compare.</summary>
internal sealed record XpubPreview(
    string Network, string NetworkName, string Fingerprint, IReadOnlyList<string> Addresses);

/// <summary>What the link opens.</summary>
/// <param name="Networks">Those that need an xpub.</param>
internal sealed record ClaimPreview(
    string MerchantId, string DisplayName, string Environment, string Kind, IReadOnlyList<string> Networks,
    IReadOnlyList<XpubPreview> Xpubs);

/// <param name="Secret">Shown this once.</param>
internal sealed record ClaimedEndpoint(string Id, string Url, string Secret);

/// <summary>The materials, shown this once and kept nowhere in clear.</summary>
/// <param name="ApiKey">Null for a change of xpubs, which hands out none.</param>
internal sealed record ClaimedMaterials(
    string MerchantId, string DisplayName, string Environment, string Kind, NewApiKeyJson? ApiKey,
    ClaimedEndpoint? WebhookEndpoint, IReadOnlyList<XpubPreview> Xpubs);

/// <summary>The <c>data</c> of <c>account.xpub_changed</c>.</summary>
internal sealed record XpubChangedData(IReadOnlyList<XpubChange> Xpubs, DateTimeOffset At);

internal sealed record XpubChange(string Network, string? Previous, string Fingerprint);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    Converters = [typeof(MillisecondTime)])]
[JsonSerializable(typeof(ClaimRequest))]
[JsonSerializable(typeof(ClaimPreview))]
[JsonSerializable(typeof(ClaimedMaterials))]
[JsonSerializable(typeof(XpubChangedData))]
internal sealed partial class ClaimsJson : JsonSerializerContext;
