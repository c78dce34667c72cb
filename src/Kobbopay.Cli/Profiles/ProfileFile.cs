using System.Text.Json.Serialization;

namespace Kobbopay.Cli.Profiles;

/// <summary>The stored form of all profiles.</summary>
internal sealed record ProfileFile
{
    public Dictionary<string, StoredProfile> Profiles { get; init; } = new(StringComparer.Ordinal);
}

/// <summary>One of them.</summary>
internal sealed record StoredProfile(string Url, string ApiKey)
{
    /// <summary>The address alone: a log is no place for a key.</summary>
    public override string ToString() => Url;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ProfileFile))]
internal sealed partial class ProfileJson : JsonSerializerContext;
