using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Math;
using SimpleBase;
using ECPoint = Org.BouncyCastle.Math.EC.ECPoint;

namespace Kobbopay.Payments.Rails.Evm;

/// <summary>Why a text is no extended public key.</summary>
public enum XpubError
{
    None,

    /// <summary>Mistyped, cut off, or something else.</summary>
    Malformed,

    /// <summary>It is a private key: whoever pasted it has just shown it.</summary>
    Private,
}

/// <summary>
/// A merchant's account key (BIP32, <c>xpub...</c>): addresses without the power to spend. Payments are paid to its
/// children <c>0/index</c>, the account's receiving branch (BIP44).
/// </summary>
public sealed class ExtendedPublicKey
{
    private const int PayloadLength = 78;
    private const uint PublicVersion = 0x0488B21E;
    private const uint PrivateVersion = 0x0488ADE4;

    /// <summary>Text longer than this is none: one has 111 characters.</summary>
    public const int LongestText = 120;

    private static readonly X9ECParameters Curve = CustomNamedCurves.GetByName("secp256k1");

    private readonly ECPoint _point;
    private readonly byte[] _chainCode;

    private ExtendedPublicKey(string text, ECPoint point, byte[] chainCode) =>
        (Text, _point, _chainCode) = (text, point, chainCode);

    /// <summary>As it was given.</summary>
    public string Text { get; }

    /// <summary>
    /// 16 hexadecimal digits. The first eight are the key's BIP32 fingerprint, which wallets show; 32 bits are too few
    /// to tell the keys of all merchants apart, so eight more follow, over the chain code as well.
    /// </summary>
    public string Fingerprint
    {
        get
        {
            var key = _point.GetEncoded(compressed: true);
            return Convert.ToHexStringLower(Hash160(key).AsSpan(0, 4))
                + Convert.ToHexStringLower(SHA256.HashData([.. key, .. _chainCode]).AsSpan(0, 4));
        }
    }

    public static XpubError TryParse(string? text, out ExtendedPublicKey? key)
    {
        key = null;
        if (text is null or { Length: > LongestText } || !Ascii.IsValid(text) || Decode(text) is not { } payload)
            return XpubError.Malformed;
        var version = BinaryPrimitives.ReadUInt32BigEndian(payload);
        if (version == PrivateVersion)
            return XpubError.Private;
        if (version != PublicVersion || payload[45] is not (2 or 3))
            return XpubError.Malformed;
        try
        {
            key = new ExtendedPublicKey(text, Curve.Curve.DecodePoint(payload[45..]), payload[13..45]);
            return XpubError.None;
        }
        catch (ArgumentException)
        {
            // No point of the curve has this coordinate.
            return XpubError.Malformed;
        }
    }

    /// <summary>The address of an EVM network for the child <c>0/index</c>, with the checksum of EIP-55.</summary>
    public string EvmAddressAt(long index)
    {
        var key = Child(0).Child((uint)index)._point.GetEncoded(compressed: false);
        var hash = Keccak256(key.AsSpan(1));
        return Checksummed(Convert.ToHexStringLower(hash.AsSpan(12)));
    }

    /// <summary>BIP32, "CKDpub": one child, not hardened.</summary>
    private ExtendedPublicKey Child(uint index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, 0x7fff_ffffu);
        Span<byte> data = stackalloc byte[37];
        _point.GetEncoded(compressed: true).CopyTo(data);
        BinaryPrimitives.WriteUInt32BigEndian(data[33..], index);
        Span<byte> mac = stackalloc byte[64];
        HMACSHA512.HashData(_chainCode, data, mac);
        var left = new BigInteger(1, mac[..32].ToArray());
        var child = Curve.G.Multiply(left).Add(_point).Normalize();
        // The standard's way out of a case of one in 2^127.
        return left.CompareTo(Curve.N) >= 0 || child.IsInfinity
            ? throw new InvalidOperationException($"There is no child {index}")
            : new ExtendedPublicKey(Text, child, mac[32..].ToArray());
    }

    /// <summary>Base58 with its checksum of four bytes, or null.</summary>
    private static byte[]? Decode(string text)
    {
        var bytes = new byte[Base58.Bitcoin.GetSafeByteCountForDecoding(text)];
        try
        {
            if (!Base58.Bitcoin.TryDecode(text, bytes, out var length) || length != PayloadLength + 4)
                return null;
        }
        catch (ArgumentException)
        {
            return null;
        }

        var payload = bytes[..PayloadLength];
        var sum = SHA256.HashData(SHA256.HashData(payload)).AsSpan(0, 4);
        return sum.SequenceEqual(bytes.AsSpan(PayloadLength, 4)) ? payload : null;
    }

    private static byte[] Hash160(byte[] data)
    {
        var digest = new RipeMD160Digest();
        digest.BlockUpdate(SHA256.HashData(data));
        var hash = new byte[digest.GetDigestSize()];
        digest.DoFinal(hash);
        return hash;
    }

    private static byte[] Keccak256(ReadOnlySpan<byte> data)
    {
        var digest = new KeccakDigest(256);
        digest.BlockUpdate(data);
        var hash = new byte[32];
        digest.DoFinal(hash);
        return hash;
    }

    /// <summary>EIP-55: a letter is upper-case where the hash of the text has a high bit.</summary>
    private static string Checksummed(string hex)
    {
        var hash = Keccak256(Encoding.ASCII.GetBytes(hex));
        return "0x" + string.Concat(hex.Select((c, i) =>
            ((hash[i / 2] >> (i % 2 == 0 ? 4 : 0)) & 8) != 0 ? char.ToUpperInvariant(c) : c));
    }
}
