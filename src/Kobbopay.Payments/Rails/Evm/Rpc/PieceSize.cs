namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// How much a provider can be asked for at once. Limits differ, are seldom written down and depend on what is in the
/// blocks, so they are found by trying: half of what was refused, and slowly more again while all goes well. It is a
/// guess that callers may share without a lock.
/// </summary>
internal sealed class PieceSize
{
    /// <summary>Answers of full size before a little more is asked for.</summary>
    private const int GrowAfter = 16;

    private readonly int _most;
    private volatile int _size;
    private volatile int _taken;

    public PieceSize(int most) => _most = _size = most;

    /// <summary>
    /// Works through everything from <paramref name="from"/> to <paramref name="to"/>, both included.
    /// </summary>
    /// <param name="work">
    /// Does one piece wholly or throws; false when what follows is not wanted.
    /// </param>
    /// <param name="isTooMuch">Whether a refusal may be one of the size; a single one's is final.</param>
    public async Task WorkAsync(
        long from, long to, Func<long, long, Task<bool>> work, Func<ProviderException, bool> isTooMuch)
    {
        while (from <= to)
        {
            var last = Math.Min(to, from + _size - 1);
            var asked = (int)(last - from + 1);
            try
            {
                if (!await work(from, last))
                    return;
                Taken(asked);
                from = last + 1;
            }
            catch (ProviderException refusal) when (asked > 1 && isTooMuch(refusal))
            {
                Refused(asked);
            }
            catch (ProviderException refusal) when (asked > 1 && refusal.Kind == ProviderException.Timeout)
            {
                // There is no time left to try again with, but the next try is for less.
                Refused(asked);
                throw;
            }
        }
    }

    private void Taken(int asked)
    {
        var size = _size;
        if (asked < size || ++_taken < GrowAfter)
            return;
        _taken = 0;
        _size = Math.Min(_most, size + Math.Max(1, size / 8));
    }

    private void Refused(int asked)
    {
        _taken = 0;
        _size = Math.Max(1, asked / 2);
    }
}
