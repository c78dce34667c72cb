using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Gateway;

/// <summary>
/// Wrong keys of an address, whoever's they pretend to be. When its tries are used up, a further wrong key is refused
/// as one too many, and Payments learns of the address. A good key goes on working from there: a merchant may share
/// its address with whoever guesses.
/// </summary>
public sealed class KeyGuessing(RateLimits limits, KeyActivity activity)
{
    /// <summary>What is answered to a wrong key: the refusal, or that there were too many.</summary>
    public ProblemException Count(HttpContext http, ProblemException refusal)
    {
        var limited = limits.Take(
            http, limits.OfAddress(Limited.WrongKey, http), "Too many wrong keys came from your address; wait.");
        if (limited is null)
            return refusal;
        activity.Guessed(ClientAddress.NetworkNameOf(http));
        return limited;
    }

    /// <summary>A wrong key of a request that has been answered already.</summary>
    public void Note(HttpContext http) => limits.TryTake(limits.OfAddress(Limited.WrongKey, http));

    /// <summary>
    /// Whether Payments may be asked for a key that is not held here: not as often as somebody can invent keys.
    /// </summary>
    public bool MayLookUp(HttpContext http) =>
        !limits.IsUsedUp(limits.OfAddress(Limited.WrongKey, http))
        || limits.TryTake(limits.OfAddress(Limited.LookUpAfterWrongKeys, http));
}
