namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// A provider's answer can't be had or can't be believed. Its message names the provider by number and host, never by
/// its URL, whose path and credentials are secrets; for the same reason it carries no cause.
/// </summary>
/// <param name="kind">One of the constants here.</param>
internal sealed class ProviderException(string kind, string message) : RailUnavailableException(message)
{
    /// <summary>No connection, one that broke off, or an HTTP status that is no answer.</summary>
    public const string Unreachable = "unreachable";
    public const string Timeout = "timeout";
    public const string RateLimited = "rate_limited";

    /// <summary>Not JSON-RPC, not what was asked for, or something that can't be.</summary>
    public const string Malformed = "malformed";
    public const string TooLarge = "too_large";

    /// <summary>The provider answered with an error of its own.</summary>
    public const string RpcError = "rpc_error";
    public const string WrongChain = "wrong_chain";

    /// <summary>Providers show different chains, and no strict majority is of one mind.</summary>
    public const string Disagreement = "disagreement";

    /// <summary>None is in a state to be asked.</summary>
    public const string NoProvider = "no_provider";

    public string Kind { get; } = kind;

    /// <summary>JSON-RPC's, of an <see cref="RpcError"/> or a limit that was reported as one.</summary>
    public int? Code { get; init; }

    /// <summary>Several calls were refused as one, which says nothing of any of them.</summary>
    public bool RefusesBatch { get; init; }

    /// <summary>How long a <see cref="RateLimited"/> provider asks to be left alone, where it says so.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
