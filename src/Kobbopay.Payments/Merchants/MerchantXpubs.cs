using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Payments.Rails.Evm;

namespace Kobbopay.Payments.Merchants;

/// <summary>A merchant's extended public keys, as the rows of <c>merchant_xpubs</c> aggregate them.</summary>
internal static class MerchantXpubs
{
    private static readonly FrozenDictionary<string, ExtendedPublicKey> None =
        FrozenDictionary<string, ExtendedPublicKey>.Empty;

    /// <summary>By network. What is stored was parsed before it was stored.</summary>
    public static IReadOnlyDictionary<string, ExtendedPublicKey> Read(string? json) => json is null
        ? None
        : JsonSerializer.Deserialize(json, MerchantXpubsJson.Default.DictionaryStringString)!
            .ToFrozenDictionary(pair => pair.Key, pair => ParsedOf(pair.Value), StringComparer.Ordinal);

    private static ExtendedPublicKey ParsedOf(string text) =>
        ExtendedPublicKey.TryParse(text, out var key) == XpubError.None
            ? key!
            : throw new InvalidOperationException("A stored xpub is none");
}

[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class MerchantXpubsJson : JsonSerializerContext;
