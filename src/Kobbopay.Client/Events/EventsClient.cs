using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>
/// The feed: every event of the merchant's environment, numbered without a gap. <see cref="EventFeedConsumer"/> reads
/// it with a stored cursor.
/// </summary>
public sealed class EventsClient
{
    /// <summary>The longest wait of a request for an event; leaves time for the answer below the usual limits of what
    /// is in between.</summary>
    private const int LongestWait = 25;

    private const int LargestPage = 100;

    /// <summary>Between two answers without news, should something in between not let the server wait.</summary>
    private static readonly TimeSpan ShortestRound = TimeSpan.FromSeconds(1);

    private readonly ApiConnection _connection;

    internal EventsClient(ApiConnection connection) => _connection = connection;

    /// <summary>One part of the feed, at once or as soon as there is an event.</summary>
    /// <param name="after">The last sequence that is known; from the oldest event that is kept unless given.</param>
    /// <param name="type">Only of this type, such as <c>payment.paid</c> or <c>payment.*</c>; the sequences then have
    /// gaps.</param>
    /// <param name="limit">How many: 1 to 100; 20 unless given.</param>
    /// <param name="waitSeconds">How long to wait for an event when there is none: 0 to 30.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="KobbopayCursorExpiredException">What comes after is not kept any more.</exception>
    public async Task<EventPage> ReadAsync(
        long? after = null,
        string? type = null,
        int? limit = null,
        int? waitSeconds = null,
        CancellationToken cancellationToken = default)
    {
        var path = new ApiPath("v1/events")
            .With("after", after).With("limit", limit).With("type", type).With("wait", waitSeconds);
        var call = new ApiCall(HttpMethod.Get, path.ToString())
        {
            ExtraTime = TimeSpan.FromSeconds(waitSeconds ?? 0),
        };
        var page = await _connection.ReadAsync(call, KobbopayJson.Default.EventPageJson, cancellationToken)
            .ConfigureAwait(false);
        return new EventPage
        {
            Data = [.. page.Data.Select(one => Parse(call, one))],
            HasMore = page.HasMore,
            LatestSequence = page.LatestSequence,
        };
    }

    /// <summary>Reads one event.</summary>
    /// <param name="eventId">The event's id, <c>evt_...</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<KobbopayEvent> GetAsync(string eventId, CancellationToken cancellationToken = default)
    {
        var call = new ApiCall(HttpMethod.Get, new ApiPath("v1/events/{eventId}", eventId).ToString());
        var one = await _connection.ReadAsync(call, KobbopayJson.Default.JsonElement, cancellationToken)
            .ConfigureAwait(false);
        return Parse(call, one);
    }

    /// <summary>
    /// The feed for ever: what there is, and then each event as it comes, by long poll. Outages are waited out, however
    /// long they are (<see cref="KobbopayClientOptions.OnRetry"/> is told); it ends by the token, or with an exception
    /// that waiting does not help against, such as a revoked key.
    /// </summary>
    /// <param name="after">The last sequence that is known; from the oldest event that is kept unless given.</param>
    /// <param name="type">Only of this type, such as <c>payment.paid</c> or <c>payment.*</c>. Without it each event is
    /// checked to follow the one before.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="KobbopayCursorExpiredException">What comes after is not kept any more.</exception>
    /// <exception cref="KobbopayFeedGapException">The feed does not go on where it ended.</exception>
    public async IAsyncEnumerable<KobbopayEvent> FollowAsync(
        long? after = null, string? type = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var begun = _connection.Clock.GetTimestamp();
            var page = await ReadPatientlyAsync(after, type, cancellationToken).ConfigureAwait(false);
            var isNew = false;
            foreach (var one in page.Data)
            {
                cancellationToken.ThrowIfCancellationRequested();
                // Known already: something in between has answered with an older part.
                if (one.Sequence <= after)
                    continue;
                if (type is null && after is { } last && one.Sequence != last + 1)
                    throw Gap(last + 1, one.Sequence ?? 0, "An event is missing");
                (after, isNew) = (one.Sequence ?? after, true);
                yield return one;
            }

            // All up to here was filtered out, or is not kept any more.
            if (page.Data.Count == 0 && (type is not null || after is null) && page.LatestSequence > (after ?? 0))
                after = page.LatestSequence;
            if (!isNew && ShortestRound - _connection.Clock.GetElapsedTime(begun) is { Ticks: > 0 } rest)
                await Task.Delay(rest, _connection.Clock, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<EventPage> ReadPatientlyAsync(long? after, string? type, CancellationToken cancellation)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                var page = await ReadAsync(after, type, LargestPage, LongestWait, cancellation).ConfigureAwait(false);
                return page.LatestSequence >= (after ?? 0)
                    ? page
                    : throw Gap(after!.Value + 1, page.LatestSequence, "The feed ends before the cursor");
            }
            catch (Exception failure) when (!cancellation.IsCancellationRequested && Retries.IsPassing(failure))
            {
                // The call's own retries have waited already.
                var before = failures + _connection.Options.MaxRetries;
                var call = new ApiCall(HttpMethod.Get, "v1/events");
                await _connection.WaitOutAsync(call, failure, before, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static KobbopayEvent Parse(ApiCall call, JsonElement one)
    {
        try
        {
            return KobbopayEvent.Parse(JsonMarshal.GetRawUtf8Value(one).ToArray());
        }
        catch (JsonException cause)
        {
            throw new KobbopayProblemException($"{call}: the answer has something that is no event.", cause)
            {
                Status = 200,
            };
        }
    }

    private static KobbopayFeedGapException Gap(long expected, long actual, string cause) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{cause}: {expected} should have come, and {actual} did."))
        {
            ExpectedSequence = expected,
            ActualSequence = actual,
        };
}
