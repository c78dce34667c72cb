namespace Kobbopay.Cli.Profiles;

/// <summary>Where Kobbopay is, and the key.</summary>
internal sealed record Credentials(Uri Url, string ApiKey)
{
    public const string LivePrefix = "kp_live_";
    public const string TestPrefix = "kp_test_";

    public bool IsLive => ApiKey.StartsWith(LivePrefix, StringComparison.Ordinal);

    public string Environment => IsLive ? "LIVE" : "test";

    /// <summary>Of the key only what may be shown.</summary>
    public override string ToString() => $"{Url} ({Environment})";
}
