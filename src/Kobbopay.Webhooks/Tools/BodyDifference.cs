using System.Text.Json;

namespace Kobbopay.Webhooks.Tools;

/// <summary>How a received body differs from the bytes that were sent: a code that stays, and words.</summary>
internal sealed record BodyDifference(string Code, string Words)
{
    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    /// <param name="sent">The event's stored bytes.</param>
    /// <param name="received">Other bytes.</param>
    public static BodyDifference Of(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> received)
    {
        if (received.IsEmpty)
            return new("empty", "it is empty, so something has read it before");
        if (received.StartsWith(ByteOrderMark) && received[ByteOrderMark.Length..].SequenceEqual(sent))
            return new("byte_order_mark", "a byte order mark stands before it");
        if (received.StartsWith(sent) && received[sent.Length..].TrimStart("\r\n"u8).IsEmpty)
            return new("trailing_newline", "a line break stands after it");
        if (sent.StartsWith(received))
            return new("truncated", $"only its first {received.Length} bytes are there");
        if (SameButForLineEnds(sent, received))
            return new("line_endings", "its line ends have been converted (LF and CRLF)");
        return SameJson(sent, received)
            ? new("same_json", "it is the same JSON in other bytes, so it has been parsed and printed again")
            : new("other_content", "its content is another");
    }

    private static bool SameButForLineEnds(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> received) =>
        WithoutReturns(sent).SequenceEqual(WithoutReturns(received));

    private static ReadOnlySpan<byte> WithoutReturns(ReadOnlySpan<byte> text)
    {
        var kept = new byte[text.Length];
        var length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '\r' || at + 1 == text.Length || text[at + 1] != '\n')
                kept[length++] = text[at];
        }

        return kept.AsSpan(0, length);
    }

    private static bool SameJson(ReadOnlySpan<byte> sent, ReadOnlySpan<byte> received)
    {
        try
        {
            return JsonElement.DeepEquals(JsonElement.Parse(sent), JsonElement.Parse(received));
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // Not JSON, or a string in it that is no text.
            return false;
        }
    }
}
