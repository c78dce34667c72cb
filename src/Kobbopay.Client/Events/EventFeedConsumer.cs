namespace Kobbopay.Client;

/// <summary>
/// Hands each event of the feed to a handler, in order, and stores the cursor after each one: what was handled is not
/// handed over again after a restart, except for the one event that a crash came in between of. So a handler sees each
/// event at least once, and should take each id once.
/// </summary>
/// <param name="client">Its key needs the scope <c>events:read</c>.</param>
/// <param name="cursor">Where the consumer is; it belongs to one consumer.</param>
/// <param name="handler">Takes an event. When it throws, <see cref="RunAsync"/> ends with that exception, and the event
/// is the first of the next run.</param>
public sealed class EventFeedConsumer(
    KobbopayClient client, IEventCursor cursor, Func<KobbopayEvent, CancellationToken, Task> handler)
{
    private readonly KobbopayClient _client = client ?? throw new ArgumentNullException(nameof(client));
    private readonly IEventCursor _cursor = cursor ?? throw new ArgumentNullException(nameof(cursor));
    private readonly Func<KobbopayEvent, CancellationToken, Task> _handler =
        handler ?? throw new ArgumentNullException(nameof(handler));

    /// <summary>
    /// The types that the handler wants, such as <c>payment.paid</c> or <c>payment.*</c>; all when it is empty. The
    /// others pass by here and not at the server, so that a missing event is noticed, and the cursor never grows old.
    /// </summary>
    public IReadOnlyCollection<string> Types { get; init; } = [];

    /// <summary>Where to begin when there is no cursor yet: after this sequence; at the oldest event that is kept
    /// unless given.</summary>
    public long? StartAfter { get; init; }

    /// <summary>
    /// Runs until the token ends it (with an <see cref="OperationCanceledException"/>), the handler throws, or the feed
    /// can't be read for a cause that does not pass. Outages are waited out.
    /// </summary>
    /// <param name="cancellationToken">Ends it, after the event that is being handled.</param>
    /// <exception cref="KobbopayCursorExpiredException">The consumer was away for longer than events are
    /// kept.</exception>
    /// <exception cref="KobbopayFeedGapException">The feed does not go on where the cursor is.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var last = await _cursor.ReadAsync(cancellationToken).ConfigureAwait(false) ?? StartAfter;
        await foreach (var one in _client.Events.FollowAsync(last, cancellationToken: cancellationToken)
            .ConfigureAwait(false))
        {
            if (IsWanted(one.Type))
                await _handler(one, cancellationToken).ConfigureAwait(false);
            // Done is done: a stop in this moment must not bring the event back.
            await _cursor.SaveAsync(one.Sequence!.Value, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private bool IsWanted(string type) => Types.Count == 0 || Types.Any(pattern =>
        pattern == type || pattern == "*"
        || (pattern.EndsWith(".*", StringComparison.Ordinal)
            && type.StartsWith(pattern[..^1], StringComparison.Ordinal)));
}
