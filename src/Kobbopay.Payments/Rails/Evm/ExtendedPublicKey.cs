using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Math;
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

    /// <summary>The account's receiving branch, which all addresses come from.</summary>
    private readonly Lazy<ExtendedPublicKey> _receiving;

    private ExtendedPublicKey(string text, ECPoint point, byte[] chainCode)
    {
        (Text, _point, _chainCode) = (text, point, chainCode);
        _receiving = new Lazy<ExtendedPublicKey>(() => Child(0));
    }

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
        if (text is null or { Length: > LongestText } || Base58Check.Decode(text, PayloadLength) is not { } payload)
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

    /// <summary>The address of the child <c>0/index</c>, in a network's form.</summary>
    public string AddressAt(long index, AddressForm form = AddressForm.Evm)
    {
        var key = _receiving.Value.Child((uint)index)._point.GetEncoded(compressed: false);
        Span<byte> hash = stackalloc byte[32];
        EvmAddress.Keccak256(key.AsSpan(1), hash);
        return EvmAddress.Shown($"0x{Convert.ToHexStringLower(hash[12..])}", form);
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

    private static byte[] Hash160(byte[] data)
    {
        var digest = new RipeMD160Digest();
        digest.BlockUpdate(SHA256.HashData(data));
        var hash = new byte[digest.GetDigestSize()];
        digest.DoFinal(hash);
        return hash;
    }
}
