using System.Buffers.Text;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Mvc;

namespace Kobbopay.Webhooks;

/// <summary>The query of every list (contracts.md, section 1): newest first, by id, which is a UUIDv7.</summary>
public sealed class PageQuery
{
    private const int DefaultLimit = 20;
    private const int LargestLimit = 100;

    [FromQuery(Name = "limit")]
    public string? Limit { get; init; }

    [FromQuery(Name = "after")]
    public string? After { get; init; }

    [FromQuery(Name = "before")]
    public string? Before { get; init; }

    /// <exception cref="ProblemException"><c>invalid_request</c> or <c>invalid_cursor</c>.</exception>
    public PageRange Parse()
    {
        var limit = DefaultLimit;
        if (Limit is not null && (!int.TryParse(Limit, out limit) || limit is < 1 or > LargestLimit))
            throw Invalid("limit", "out_of_range", $"A page has 1 to {LargestLimit} entries.");
        if (After is not null && Before is not null)
            throw Invalid("before", "conflict", "Give either after or before.");
        return new PageRange(limit, Cursor.Parse(After), Cursor.Parse(Before));
    }

    public static ProblemException Invalid(string name, string code, string message) =>
        new(ProblemCodes.InvalidRequest, $"?{name}: {message}", [new InvalidField($"?{name}", code, message)]);
}

/// <summary>Entries beyond <see cref="After"/> (older) or before <see cref="Before"/> (newer), nearest first.</summary>
public sealed record PageRange(int Limit, Guid? After, Guid? Before)
{
    /// <summary>Rows to fetch: one more than shown tells whether there are more.</summary>
    public int Fetch => Limit + 1;

    public Guid? Cursor => Before ?? After;

    /// <summary>
    /// Conditions a list query on the id column <paramref name="id"/>; $1 is <see cref="Fetch"/>, $2 <see
    /// cref="Cursor"/>.
    /// </summary>
    public string Where(string id) => Before is null ? $"($2::uuid is null or {id} < $2)" : $"{id} > $2";

    /// <summary>The end of the same query.</summary>
    public string OrderAndLimit(string id) =>
        Before is null ? $"order by {id} desc limit $1" : $"order by {id} limit $1";

    /// <summary>The page of the rows that such a query gave.</summary>
    public Page<T> Of<T>(List<T> rows, Func<T, Guid> id)
    {
        var more = rows.Count > Limit;
        if (more)
            rows.RemoveAt(Limit);
        if (Before is not null)
            rows.Reverse();
        var end = Before is null ? rows.LastOrDefault() : rows.FirstOrDefault();
        return new Page<T>(rows, more, more && end is not null ? Webhooks.Cursor.Format(id(end)) : null);
    }
}

/// <param name="NextCursor">For the parameter (<c>after</c> or <c>before</c>) that the page was asked with.</param>
public sealed record Page<T>(IReadOnlyList<T> Data, bool HasMore, string? NextCursor);

/// <summary>Opaque to merchants, so that what it holds may change.</summary>
internal static class Cursor
{
    private const int Length = 22;

    public static string Format(Guid id) => Base64Url.EncodeToString(id.ToByteArray(bigEndian: true));

    public static Guid? Parse(string? text)
    {
        if (text is null)
            return null;
        Span<byte> bytes = stackalloc byte[16];
        return text.Length == Length && Base64Url.IsValid(text)
            && Base64Url.TryDecodeFromChars(text, bytes, out var written) && written == 16
            ? new Guid(bytes, bigEndian: true)
            : throw new ProblemException(ProblemCodes.InvalidCursor, "Use a nextCursor exactly as it was given.");
    }
}
