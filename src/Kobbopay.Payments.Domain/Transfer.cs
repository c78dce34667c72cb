using System.Numerics;

namespace Kobbopay.Payments.Domain;

/// <summary>
/// Money on its way to a payment's address, as it stands in a canonical block. Its identity outlives a reorganisation:
/// the same transfer in another block keeps its id and the time it was first mined.
/// </summary>
/// <param name="Amount">Base units, above zero.</param>
/// <param name="FirstBlockTime">Timestamp of the first block that ever held it: a re-mined transfer stays on
/// time.</param>
public sealed record Transfer(
    Guid Id, string TxHash, BigInteger Amount, long BlockNumber, string BlockHash, DateTimeOffset FirstBlockTime)
{
    /// <summary>Confirmations with the chain at this height: head - block + 1.</summary>
    public int ConfirmationsAt(long head) => (int)Math.Clamp(head - BlockNumber + 1, 0, int.MaxValue);
}
