namespace Kobbopay.Client;

/// <summary>
/// Where an <see cref="EventFeedConsumer"/> is. One's own goes where one's data is: saved in the transaction in which
/// the handler does its work, each event has its effect exactly once.
/// </summary>
public interface IEventCursor
{
    /// <summary>The last sequence that was handled; null before the first.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask<long?> ReadAsync(CancellationToken cancellationToken);

    /// <summary>Stores the last sequence that was handled, so that it survives a crash.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask SaveAsync(long sequence, CancellationToken cancellationToken);
}
