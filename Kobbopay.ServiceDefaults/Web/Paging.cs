using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>The query of every list (contracts.md, section 1): newest first, by id, which is a UUIDv7.</summary>
public sealed class PageQuery
{
    internal const int DefaultLimit = 20;
    internal const int LargestLimit = 100;

    [FromQuery(Name = "limit")]
    public string? Limit { get; init; }

    [FromQuery(Name = "after")]
    public string? After { get; init; }

    [FromQuery(Name = "before")]
    public string? Before { get; init; }

    /// <param name="list">Names the list: a cursor is good for the list and the merchant's environment it came
    /// from.</param>
    /// <exception cref="ProblemException"><c>invalid_request</c> or <c>invalid_cursor</c>.</exception>
    public PageRange Parse(MerchantIdentity merchant, string list) =>
        Parse($"{merchant.MerchantId}/{merchant.Environment}", list);

    /// <param name="owner">Whose list it is.</param>
    /// <exception cref="ProblemException"><c>invalid_request</c> or <c>invalid_cursor</c>.</exception>
    public PageRange Parse(string owner, string list)
    {
        var limit = DefaultLimit;
        if (Limit is not null && (!int.TryParse(Limit, out limit) || limit is < 1 or > LargestLimit))
            throw Invalid("limit", "out_of_range", $"A page has 1 to {LargestLimit} entries.");
        if (After is not null && Before is not null)
            throw Invalid("before", "conflict", "Give either after or before.");
        var cursors = new CursorForm(owner, list);
        return new PageRange(limit, cursors.Parse(After), cursors.Parse(Before), cursors);
    }

    public static ProblemException Invalid(string name, string code, string message) =>
        new(ProblemCodes.InvalidRequest, $"?{name}: {message}", [new InvalidField($"?{name}", code, message)]);
}

/// <summary>Entries beyond <see cref="After"/> (older) or before <see cref="Before"/> (newer), nearest first.</summary>
public sealed record PageRange(int Limit, Guid? After, Guid? Before, CursorForm Cursors)
{
    /// <summary>Rows to fetch: one more than shown tells whether there are more.</summary>
    public int Fetch => Limit + 1;

    public Guid? Cursor => Before ?? After;

    /// <summary>
    /// Conditions a list query on the id column <paramref name="id"/>; $1 is <see cref="Fetch"/>, $2 <see
    /// cref="Cursor"/>.
    /// </summary>
    public string Where(string id) =>
        Before is not null ? $"{id} > $2" : After is not null ? $"{id} < $2" : "$2::uuid is null";

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
        return new Page<T>(rows, more, more && end is not null ? Cursors.Format(id(end)) : null);
    }
}

/// <param name="NextCursor">For the parameter (<c>after</c> or <c>before</c>) that the page was asked with.</param>
public sealed record Page<T>(IReadOnlyList<T> Data, bool HasMore, string? NextCursor);

/// <summary>
/// A cursor's text: the id it stands at and a check of where it belongs. Opaque to merchants, so that what it holds may
/// change. The check is no secret; it tells a mistaken cursor (another list's, another environment's) from a good one.
/// </summary>
public sealed class CursorForm(string owner, string list)
{
    private const int IdLength = 16;
    private const int CheckLength = 4;

    public string Format(Guid id)
    {
        Span<byte> bytes = stackalloc byte[IdLength + CheckLength];
        Write(id, bytes);
        return Base64Url.EncodeToString(bytes);
    }

    /// <exception cref="ProblemException"><c>invalid_cursor</c>.</exception>
    internal Guid? Parse(string? text)
    {
        if (text is null)
            return null;

        Span<byte> given = stackalloc byte[IdLength + CheckLength];
        if (text.Length == Base64Url.GetEncodedLength(given.Length) && Base64Url.IsValid(text)
            && Base64Url.TryDecodeFromChars(text, given, out var written) && written == given.Length)
        {
            var id = new Guid(given[..IdLength], bigEndian: true);
            Span<byte> right = stackalloc byte[given.Length];
            Write(id, right);
            if (right.SequenceEqual(given))
                return id;
        }

        throw new ProblemException(
            ProblemCodes.InvalidCursor, "Use a nextCursor exactly as it was given, for the same list.");
    }

    private void Write(Guid id, Span<byte> bytes)
    {
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        var place = $"{list}/{owner}/{id}";
        SHA256.HashData(Encoding.UTF8.GetBytes(place)).AsSpan(0, CheckLength).CopyTo(bytes[IdLength..]);
    }
}
