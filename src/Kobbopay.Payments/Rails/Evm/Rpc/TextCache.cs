using System.Buffers.Binary;
using System.Text;

namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// Makes one string of a name that an answer repeats: thousands of logs come from few blocks and contracts. A name
/// that falls on another's place replaces it.
/// </summary>
internal sealed class TextCache
{
    /// <summary>A power of two.</summary>
    private const int Size = 512;

    private readonly string?[] _known = new string?[Size];

    /// <param name="text">Hexadecimal digits, eight at least; upper and lower case are the same.</param>
    public string Lower(ReadOnlySpan<byte> text)
    {
        const ulong lowerCase = 0x2020_2020_2020_2020;
        var end = BinaryPrimitives.ReadUInt64LittleEndian(text[^8..]) | lowerCase;
        var place = (int)((end * 0x9E37_79B9_7F4A_7C15) >> 55);
        if (_known[place] is { } known && Ascii.EqualsIgnoreCase(text, known))
            return known;
        return _known[place] = HexText.Lower(text);
    }
}
