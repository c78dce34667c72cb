using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Payments.Audit;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Claims;

/// <summary>A claim whose token and code are right, its row locked.</summary>
internal sealed record OpenedClaim(
    Guid Id, Guid MerchantId, string Environment, string Kind, Guid EndpointId, MerchantSettings Settings);

/// <summary>Finds the claim of a token and a code. Wrong codes are counted, whatever becomes of the request.</summary>
internal sealed class OpenClaim(AuditTrail audit, TimeProvider clock)
{
    /// <summary>With the fifth wrong code a link ends (contracts.md, section 6).</summary>
    private const int WrongCodes = 5;

    /// <exception cref="ProblemException"><c>not_found</c>, <c>claim_ended</c>, <c>invalid_request</c> for a wrong
    /// code, <c>certification_required</c>.</exception>
    public async Task<OpenedClaim> LockAsync(
        HttpContext http, NpgsqlConnection connection, NpgsqlTransaction transaction, ClaimRequest request,
        CancellationToken cancellation)
    {
        if (!SecretToken.IsWellFormed(request.Token))
            throw NotFound();
        var found = await FindAsync(connection, request.Token!, cancellation) ?? throw NotFound();
        if (found.HasEnded(clock.Now()))
            throw Ended();
        if (!IsRight(found.CodeHash, request))
        {
            // Committed although the request fails: the tries are counted.
            await CountAsync(http, connection, transaction, found, cancellation);
            throw found.WrongCodes + 1 >= WrongCodes
                ? Ended()
                : new ProblemException(
                    ProblemCodes.InvalidRequest, "/code: This is not the code.",
                    [new InvalidField(
                        "/code", "wrong_value",
                        $"{WrongCodes - found.WrongCodes - 1} more tries, then the link ends.")]);
        }

        if (!found.MayClaim)
        {
            throw new ProblemException(
                ProblemCodes.CertificationRequired,
                "Let your test receiver pass POST /v1/certification first, or ask the operator for a waiver.");
        }

        return await SettingsOfAsync(connection, found, cancellation);
    }

    private static ProblemException NotFound() => new(ProblemCodes.NotFound, "There is no such claim link.");

    private static ProblemException Ended() =>
        new(ProblemCodes.ClaimEnded, "The link has been used, has run out, or was revoked. Ask for a new one.");

    /// <summary>In constant time: the difference tells nothing of the right one.</summary>
    private static bool IsRight(string codeHash, ClaimRequest request) => request.Code is { Length: 6 } code
        && CryptographicOperations.FixedTimeEquals(
            Encoding.ASCII.GetBytes(ClaimLinks.HashOf(request.Token!, code)), Encoding.ASCII.GetBytes(codeHash));

    private static async Task<Found?> FindAsync(
        NpgsqlConnection connection, string token, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            select c.id, c.merchant_id, c.environment, c.kind, c.endpoint_id, c.code_hash, c.wrong_codes, c.expires_at,
              c.claimed_at is not null or c.revoked_at is not null or m.status = 'closed',
              c.environment = 'test' or c.kind = 'xpub' or m.certified_at is not null or m.waived_at is not null
            from claims c join merchants m on m.id = c.merchant_id
            where c.token_hash = $1 for update of c
            """,
            connection);
        command.Parameters.AddText(SecretToken.Hash(token));
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation)
            ? new Found(
                row.GetGuid(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetGuid(4), row.GetString(5),
                row.GetInt32(6), PaymentRows.Time(row, 7), row.GetBoolean(8), row.GetBoolean(9))
            : null;
    }

    private async Task CountAsync(
        HttpContext http, NpgsqlConnection connection, NpgsqlTransaction transaction, Found found,
        CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        var last = found.WrongCodes + 1 >= WrongCodes;
        var count = batch.Add(
            "update claims set wrong_codes = wrong_codes + 1, revoked_at = case when $2 then $3 end where id = $1");
        count.AddId(found.Id);
        count.AddFlag(last);
        count.AddTime(clock.Now());
        audit.Add(
            batch, http, last ? "claim.revoked" : "claim.code_refused", Id.Format(Id.Claim, found.Id), found.MerchantId,
            found.Environment, new JsonObject { ["wrongCodes"] = found.WrongCodes + 1 });
        await batch.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static async Task<OpenedClaim> SettingsOfAsync(
        NpgsqlConnection connection, Found found, CancellationToken cancellation)
    {
        var settings = await Settings.SettingsRows.LockAsync(
            connection, found.MerchantId, found.Environment, cancellation);
        return new OpenedClaim(
            found.Id, found.MerchantId, found.Environment, found.Kind, found.EndpointId,
            settings ?? throw new InvalidOperationException($"The claim {found.Id} has no settings"));
    }

    private sealed record Found(
        Guid Id, Guid MerchantId, string Environment, string Kind, Guid EndpointId, string CodeHash, int WrongCodes,
        DateTimeOffset ExpiresAt, bool IsOver, bool MayClaim)
    {
        public bool HasEnded(DateTimeOffset now) => IsOver || ExpiresAt <= now;
    }
}
