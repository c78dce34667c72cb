using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>What requests to an endpoint are made with, in clear: in memory, and never kept.</summary>
/// <param name="Secret">The one that signs; during a rotation's overlap the old one.</param>
/// <param name="NextSecret">The new one, while an overlap lasts.</param>
/// <param name="Headers">The merchant's own.</param>
public sealed record EndpointSecrets(
    string Secret, string? NextSecret, IReadOnlyList<KeyValuePair<string, string>> Headers);

/// <summary>A row of <c>webhook_secrets</c>.</summary>
/// <param name="Next">Set as long as <paramref name="OverlapUntil"/> is.</param>
/// <param name="Previous">The one that the last rotation retired at <paramref name="RetiredAt"/>: it signs nothing, and
/// is remembered so that its signatures can be explained.</param>
public sealed record SealedEndpoint(
    SealedSecret Secret,
    SealedSecret? Next,
    DateTimeOffset? OverlapUntil,
    SealedSecret? Headers,
    SealedSecret? Previous = null,
    DateTimeOffset? RetiredAt = null)
{
    /// <summary>The columns of <c>webhook_secrets s</c> that <see cref="Read"/> takes, in its order.</summary>
    public const string Columns =
        "s.key_id, s.sealed, s.next_key_id, s.next_sealed, s.overlap_until, s.headers_key_id, s.headers_sealed, "
        + "s.previous_key_id, s.previous_sealed, s.previous_retired_at";

    /// <param name="first">The ordinal of <see cref="Columns"/>' first.</param>
    public static SealedEndpoint Read(NpgsqlDataReader row, int first) => new(
        ReadSecret(row, first)!,
        ReadSecret(row, first + 2),
        row.IsDBNull(first + 4) ? null : row.GetFieldValue<DateTimeOffset>(first + 4),
        ReadSecret(row, first + 5),
        ReadSecret(row, first + 7),
        row.IsDBNull(first + 9) ? null : row.GetFieldValue<DateTimeOffset>(first + 9));

    /// <summary>As of this time: an overlap that has ended has made the next secret the only one, whether or not the
    /// row has been rewritten since.</summary>
    public SealedEndpoint At(DateTimeOffset now) =>
        OverlapUntil <= now
            ? this with
            {
                Secret = Next!,
                Next = null,
                OverlapUntil = null,
                Previous = Secret,
                RetiredAt = OverlapUntil,
            }
            : this;

    /// <exception cref="System.Security.Cryptography.CryptographicException">
    /// Something was sealed for another endpoint or purpose, was changed, or its key is not in the ring.
    /// </exception>
    public EndpointSecrets Open(SecretVault vault, Guid endpointId, DateTimeOffset now)
    {
        var valid = At(now);
        return new EndpointSecrets(
            vault.Open(endpointId, valid.Secret),
            valid.Next is null ? null : vault.Open(endpointId, valid.Next),
            valid.Headers is null ? [] : vault.OpenHeaders(endpointId, valid.Headers));
    }

    private static SealedSecret? ReadSecret(NpgsqlDataReader row, int first) =>
        row.IsDBNull(first) ? null : new SealedSecret(row.GetString(first), row.GetFieldValue<byte[]>(first + 1));
}
