namespace Kobbopay.Client;

/// <summary>One page of a list, newest first.</summary>
/// <typeparam name="T">What the list is of.</typeparam>
public sealed record Page<T>
{
    /// <summary>The entries.</summary>
    public required IReadOnlyList<T> Data { get; init; }

    /// <summary>Whether the list goes on.</summary>
    public required bool HasMore { get; init; }

    /// <summary>For <see cref="PageRequest.After"/> of the next page, or for <see cref="PageRequest.Before"/> when this
    /// page was asked for with it; null at the end.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>Which page of a list. Cursors are taken as they were given, for the same list and filter.</summary>
public sealed record PageRequest
{
    /// <summary>How many entries: 1 to 100; 20 unless given.</summary>
    public int? Limit { get; init; }

    /// <summary>Older entries than this cursor.</summary>
    public string? After { get; init; }

    /// <summary>Newer entries than this cursor.</summary>
    public string? Before { get; init; }
}
