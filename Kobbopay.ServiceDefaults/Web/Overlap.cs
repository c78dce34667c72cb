namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// How long what is replaced, a key or a secret, works on beside the new one: a day unless <c>overlapSeconds</c> says
/// otherwise, and not at all after a leak.
/// </summary>
public static class Overlap
{
    private const int Default = 24 * 60 * 60;
    private const int Longest = 7 * Default;

    /// <exception cref="ProblemException"><c>invalid_request</c>.</exception>
    public static TimeSpan Of(int? overlapSeconds)
    {
        var seconds = overlapSeconds ?? Default;
        if (seconds is < 0 or > Longest)
        {
            ProblemException.ThrowIfAny(
                [new InvalidField("/overlapSeconds", "out_of_range", $"0 to {Longest} seconds.")]);
        }

        return TimeSpan.FromSeconds(seconds);
    }
}
