using Kobbopay.Contracts;

namespace Kobbopay.Durability;

/// <summary>
/// What a service does about its merchants' sandbox clocks, of which the bus and <see cref="FeedHealer"/> tell it: at
/// most one position of each merchant's, which it may know already.
/// </summary>
public interface ISandboxClockHandler
{
    Task HandleAsync(IReadOnlyList<SandboxClockAdvanced> clocks, CancellationToken cancellation);
}
