using System.Text;

namespace Kobbopay.Cli.Listening;

/// <summary>Ids of deliveries that the server knows nothing of, in its form.</summary>
internal static class DeliveryId
{
    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Length = 26;
    private const int BitsOfADigit = 5;

    public static string New(TimeProvider clock)
    {
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(clock.GetUtcNow()).TryWriteBytes(bytes, bigEndian: true, out _);
        var number = new UInt128(
            System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes),
            System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));
        var text = new StringBuilder("dlv_");
        for (var digit = Length - 1; digit >= 0; digit--)
            text.Append(Digits[(int)((number >> (digit * BitsOfADigit)) & 31)]);
        return text.ToString();
    }
}
