using System.Security.Cryptography;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.Webhooks.Endpoints;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Tools;

/// <summary>One of a merchant's secrets, and what it is to its endpoint.</summary>
/// <param name="RetiredAt">Set for a <see cref="Previous"/> one.</param>
internal sealed record KnownSecret(Guid EndpointId, string Role, string Secret, DateTimeOffset? RetiredAt)
{
    public const string Current = "current";

    /// <summary>The new one, while a rotation's overlap lasts.</summary>
    public const string Next = "next";

    /// <summary>Retired by a rotation: it signs nothing any more.</summary>
    public const string Previous = "previous";
}

/// <summary>The secrets that a signature may have been made with, to recognise it by; they never leave.</summary>
internal sealed class KnownSecrets(NpgsqlDataSource database, SecretVault vault, TimeProvider clock)
{
    /// <summary>How long a retired secret is remembered.</summary>
    public static readonly TimeSpan RetiredFor = TimeSpan.FromDays(30);

    /// <summary>Endpoints whose secrets are tried, the newest first: each costs up to three signatures.</summary>
    public const int EndpointLimit = 100;

    /// <param name="first">Comes before all others, and however many there are.</param>
    public async Task<List<KnownSecret>> ReadAsync(
        Guid merchantId, string environment, Guid? first, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            $"""
            select s.endpoint_id, {SealedEndpoint.Columns}
            from webhook_endpoints w join webhook_secrets s on s.endpoint_id = w.id
            where w.merchant_id = $1 and w.environment = $2 and w.deleted_at is null
            order by (w.id is not distinct from $3) desc, w.id desc limit $4
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchantId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = environment });
        command.Parameters.AddNullable(first, NpgsqlDbType.Uuid);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = EndpointLimit });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var known = new List<KnownSecret>();
        while (await reader.ReadAsync(cancellation))
            Add(known, reader.GetGuid(0), SealedEndpoint.Read(reader, 1).At(clock.GetUtcNow()));
        return known;
    }

    private void Add(List<KnownSecret> known, Guid endpoint, SealedEndpoint row)
    {
        known.Add(new KnownSecret(
            endpoint, KnownSecret.Current, vault.Open(endpoint, row.Secret), RetiredAt: null));
        if (row.Next is { } next)
            known.Add(new KnownSecret(endpoint, KnownSecret.Next, vault.Open(endpoint, next), RetiredAt: null));
        if (row.RetiredAt > clock.GetUtcNow() - RetiredFor && TryOpen(endpoint, row.Previous!) is { } previous)
            known.Add(new KnownSecret(endpoint, KnownSecret.Previous, previous, row.RetiredAt));
    }

    /// <summary>A retired secret whose key has left the ring is a forgotten one.</summary>
    private string? TryOpen(Guid endpoint, SealedSecret secret)
    {
        try
        {
            return vault.Open(endpoint, secret);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
