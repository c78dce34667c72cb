using System.Globalization;
using System.Numerics;
using System.Text;

namespace Kobbopay.LocalServers.Evm;

/// <summary>An argument of a contract's function, encoded; a dynamic one stands behind all others.</summary>
public readonly record struct AbiValue(string Hex, bool IsDynamic);

/// <summary>
/// The few types of the contracts' calling convention that the test contracts take, as hex text without 0x.
/// <code>Abi.Encode(Abi.Address(to), Abi.Number(5))</code>
/// </summary>
public static class Abi
{
    private const int WordDigits = 64;
    private const int WordBytes = 32;
    private const int AddressDigits = 40;

    public static AbiValue Address(string address)
    {
        var digits = address[2..];
        if (digits.Length != AddressDigits)
            throw new ArgumentException($"{address} is not an address of 20 bytes", nameof(address));
        return new AbiValue(digits.ToLowerInvariant().PadLeft(WordDigits, '0'), IsDynamic: false);
    }

    public static AbiValue Number(BigInteger number) => new(Word(number), IsDynamic: false);

    public static AbiValue Text(string text)
    {
        var bytes = Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
        var words = (bytes.Length + WordDigits - 1) / WordDigits;
        return new AbiValue(Word(bytes.Length / 2) + bytes.PadRight(words * WordDigits, '0'), IsDynamic: true);
    }

    public static AbiValue Addresses(IReadOnlyCollection<string> addresses) => new(
        Word(addresses.Count) + string.Concat(addresses.Select(address => Address(address).Hex)), IsDynamic: true);

    /// <summary>The arguments of one call or constructor.</summary>
    public static string Encode(params IReadOnlyCollection<AbiValue> values)
    {
        var heads = new StringBuilder();
        var tails = new StringBuilder();
        foreach (var value in values)
        {
            var place = (values.Count * WordBytes) + (tails.Length / 2);
            heads.Append(value.IsDynamic ? Word(place) : value.Hex);
            tails.Append(value.IsDynamic ? value.Hex : "");
        }

        return heads.Append(tails).ToString();
    }

    /// <summary>A number as JSON-RPC has it: 0x and hex digits without leading zeros.</summary>
    public static string Quantity(BigInteger number) => "0x" + Digits(number);

    /// <summary>A number out of hex digits with 0x, a quantity or a word.</summary>
    public static BigInteger ToNumber(string hex) =>
        BigInteger.Parse("0" + hex[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private static string Word(BigInteger number) => Digits(number).PadLeft(WordDigits, '0');

    private static string Digits(BigInteger number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        var digits = number.ToString("x", CultureInfo.InvariantCulture).TrimStart('0');
        return digits.Length == 0 ? "0" : digits;
    }
}
