using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.AspNetCore.Mvc;
using Npgsql;

namespace Kobbopay.Payments.Audit;

/// <param name="Hash">Lower-case hex; over the hash before and the bytes of the entry as they stand here.</param>
public sealed record AuditLine(long Sequence, string Hash, JsonElement Entry);

public sealed record AuditPage(IReadOnlyList<AuditLine> Data, bool HasMore, long LatestSequence);

/// <param name="Intact">Every hash is what the entries give, none is missing, and the head is the last one.</param>
/// <param name="Sequence">Of the head.</param>
/// <param name="FirstBroken">Where the chain stops holding; null when it is intact.</param>
/// <param name="Matches">Whether the chain holds the exported head that was asked for; null when none was.</param>
public sealed record AuditVerdict(
    bool Intact,
    long Sequence,
    string Hash,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] long? FirstBroken,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] bool? Matches);

/// <summary>
/// <c>GET /v1/operator/audit-log</c>, ascending by sequence, and <c>GET /v1/operator/audit-log/verify</c>. Whoever can
/// write the database can make a new chain of all entries: a head that was exported before (see ExportAuditHead) is
/// what shows that, so verifying takes one.
/// </summary>
public static class ReadAuditLog
{
    private const int DefaultLimit = 100;
    private const int LargestLimit = 1_000;

    public static void MapReadAuditLog(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/operator/audit-log", ListAsync).RequireOperator()
            .Describe("listAuditLog", "Read the audit log, oldest first")
            .WithNumber("after", "The last sequence that you have.", 0)
            .WithNumber("limit", "Entries at most.", 1, LargestLimit)
            .WithParameter("merchant", "Only of this merchant.")
            .Answers<AuditPage>();
        app.MapGet("/v1/operator/audit-log/verify", VerifyAsync).RequireOperator()
            .Describe("verifyAuditLog", "Recompute the audit log's hashes")
            .WithParameter("sequence", "Of an exported head.")
            .WithParameter("hash", "Of an exported head.")
            .Answers<AuditVerdict>();
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, NpgsqlDataSource database, CancellationToken cancellation)
    {
        var query = RequestQuery.Of(http.Request.QueryString, ["after", "limit", "merchant"]);
        var after = NumberOf(query, "after", 0, long.MaxValue) ?? 0;
        var limit = (int)(NumberOf(query, "limit", 1, LargestLimit) ?? DefaultLimit);
        var merchant = query.IdOf("merchant", Id.Merchant) is { } id ? Id.Format(Id.Merchant, id) : null;
        await using var command = database.CreateCommand(
            """
            select l.sequence, l.hash, l.entry, h.sequence from audit_head h
            left join lateral (
              select sequence, hash, entry from audit_log
              where sequence > $1 and ($3::text is null or merchant_id = $3)
              order by sequence limit $2) l on true
            order by l.sequence
            """);
        command.Parameters.AddLong(after);
        command.Parameters.AddInteger(limit + 1);
        command.Parameters.AddText(merchant);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var (lines, latest) = (new List<AuditLine>(), 0L);
        while (await row.ReadAsync(cancellation))
        {
            latest = row.GetInt64(3);
            if (!row.IsDBNull(0))
            {
                lines.Add(new AuditLine(
                    row.GetInt64(0), Convert.ToHexStringLower(row.GetFieldValue<byte[]>(1)),
                    JsonElement.Parse(row.GetString(2))));
            }
        }

        var more = lines.Count > limit;
        if (more)
            lines.RemoveAt(limit);
        return Results.Json(new AuditPage(lines, more, latest), AuditJson.Relaxed.AuditPage);
    }

    private static async Task<IResult> VerifyAsync(
        [FromQuery] string? sequence, [FromQuery] string? hash, NpgsqlDataSource database,
        CancellationToken cancellation)
    {
        var exported = ExportedOf(sequence, hash);
        // One statement is one moment: the head and the entries belong together.
        await using var command = database.CreateCommand(
            """
            select h.sequence, h.hash, l.sequence, l.hash, l.entry from audit_head h
            left join audit_log l on true order by l.sequence
            """);
        await using var row = await command.ExecuteReaderAsync(cancellation);
        var before = new byte[SHA256.HashSizeInBytes];
        var (last, head, headHash, broken) = (0L, 0L, before, (long?)null);
        bool? matches = exported is null ? null : false;
        while (await row.ReadAsync(cancellation))
        {
            (head, headHash) = (row.GetInt64(0), row.GetFieldValue<byte[]>(1));
            if (row.IsDBNull(2))
                break;
            var stored = row.GetFieldValue<byte[]>(3);
            var right = AuditLog.HashOf(before, row.GetString(4));
            if (row.GetInt64(2) != last + 1 || !stored.AsSpan().SequenceEqual(right))
                broken ??= last + 1;
            (before, last) = (stored, row.GetInt64(2));
            if (exported is { } one && one.Sequence == last)
                matches = stored.AsSpan().SequenceEqual(one.Hash);
        }

        if (last != head || !before.AsSpan().SequenceEqual(headHash))
            broken ??= last + 1;
        return Results.Json(
            new AuditVerdict(broken is null, head, Convert.ToHexStringLower(headHash), broken, matches),
            AuditJson.Relaxed.AuditVerdict);
    }

    private static long? NumberOf(RequestQuery query, string name, long least, long most)
    {
        if (query[name] is not { } text)
            return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most
            ? number
            : throw PageQuery.Invalid(name, "out_of_range", $"Must be a number from {least} to {most}.");
    }

    private static (long Sequence, byte[] Hash)? ExportedOf(string? sequence, string? hash)
    {
        if (sequence is null && hash is null)
            return null;
        if (!long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw PageQuery.Invalid(
                "sequence", "invalid_format", "Give the sequence and the hash of an exported head.");
        }

        return hash is { Length: SHA256.HashSizeInBytes * 2 } && hash.All(char.IsAsciiHexDigit)
            ? (number, Convert.FromHexString(hash))
            : throw PageQuery.Invalid("hash", "invalid_format", "Must be 64 hexadecimal digits.");
    }
}
