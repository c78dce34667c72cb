namespace Kobbopay.Payments.Rails.Evm.Rpc;

/// <summary>
/// Whether providers show the same chain: each is asked for the block at a height that all have, a little below their
/// newest blocks, which may still differ. A strict majority is right. Without one nobody is: the network waits until
/// they agree, and a provider that only falls silent in the meantime has not agreed.
/// </summary>
internal sealed class ProviderVote(IReadOnlyList<Provider> all)
{
    /// <summary>Blocks below the lowest head.</summary>
    public const long AgreementDepth = 6;

    /// <summary>The heads of those who were found to agree: while none has moved, they still do.</summary>
    private List<(Provider Provider, string Head)> _settled = [];

    /// <summary>Sets the standing of all who are asked.</summary>
    /// <param name="voters">Those who count.</param>
    /// <param name="lost">Those who have to agree with the majority before they count again.</param>
    /// <param name="ask">Asks for the hash of the block at a height; who fails is not in the answer.</param>
    public async Task HoldAsync(
        List<Provider> voters, List<Provider> lost, Func<List<Provider>, long, Task<Dictionary<Provider, string>>> ask)
    {
        List<Provider> asked = [.. voters, .. lost];
        var heads = asked.Select(provider => (provider, provider.Head.Hash)).ToList();
        if (heads.SequenceEqual(_settled))
            return;

        // A block's hash covers all before it.
        var isOneChain = heads.Select(head => head.Hash).Distinct(StringComparer.Ordinal).Count() == 1;
        var height = Math.Max(0, voters.Min(provider => provider.Head.Number) - AgreementDepth);
        var hashes = isOneChain
            ? asked.ToDictionary(provider => provider, provider => provider.Head.Hash)
            : await ask(asked, height);
        var isSettled = Count([.. voters.Where(hashes.ContainsKey)], hashes);
        _settled = isSettled && hashes.Count == asked.Count ? heads : [];
    }

    private bool Count(List<Provider> voters, Dictionary<Provider, string> hashes)
    {
        var silent = all.Where(provider => provider.Standing == Standing.Disputed && !voters.Contains(provider))
            .ToList();
        var winner = voters.GroupBy(voter => hashes[voter], StringComparer.Ordinal)
            .FirstOrDefault(votes => votes.Count() * 2 > voters.Count + silent.Count)?.Key;
        if (winner is null)
        {
            foreach (var voter in voters)
                voter.Standing = Standing.Disputed;
            return false;
        }

        foreach (var provider in silent)
            provider.Standing = Standing.Lost;
        foreach (var (provider, hash) in hashes)
            provider.Standing = hash == winner ? Standing.Sound : Standing.Lost;
        return true;
    }
}
