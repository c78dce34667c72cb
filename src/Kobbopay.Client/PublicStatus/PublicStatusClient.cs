using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>What a payer may see of a payment. No API key is sent.</summary>
public sealed class PublicStatusClient
{
    /// <summary>A stream is opened anew so often, so that one that has died unnoticed is found.</summary>
    private static readonly TimeSpan StreamLifetime = TimeSpan.FromMinutes(2);

    private readonly ApiConnection _connection;

    internal PublicStatusClient(ApiConnection connection) => _connection = connection;

    /// <summary>Reads the public status of a payment.</summary>
    /// <param name="token">The token, <c>pst_...</c>: the last part of <see cref="Payment.PublicStatusUrl"/>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<PublicStatus> GetAsync(string token, CancellationToken cancellationToken = default)
    {
        var path = new ApiPath("v1/public/payments/{token}", token);
        return _connection.ReadAsync(
            new ApiCall(HttpMethod.Get, path.ToString()) { IsPublic = true },
            KobbopayJson.Default.PublicStatus,
            cancellationToken);
    }

    /// <summary>The public status now, and again whenever it changes, by a stream of events. Outages are waited out;
    /// it ends by the token, or with an exception that waiting does not help against.</summary>
    /// <param name="token">The token, <c>pst_...</c>: the last part of <see cref="Payment.PublicStatusUrl"/>.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async IAsyncEnumerable<PublicStatus> FollowAsync(
        string token, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var call = new ApiCall(HttpMethod.Get, new ApiPath("v1/public/payments/{token}/stream", token).ToString())
        {
            IsPublic = true,
            IsStreamed = true,
        };
        for (var failures = 0; ; failures++)
        {
            using var life = new CancellationTokenSource(StreamLifetime, _connection.Clock);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(life.Token, cancellationToken);
            var items = ReadAsync(call, both.Token).GetAsyncEnumerator(both.Token);
            await using (items.ConfigureAwait(false))
            {
                while (await NextAsync(items, call, failures, life, cancellationToken).ConfigureAwait(false))
                {
                    failures = 0;
                    call = call with { LastEventId = items.Current.EventId };
                    yield return items.Current.Data;
                }
            }

            // A stream that lived its life is no failure.
            if (life.IsCancellationRequested)
                failures = -1;
        }
    }

    /// <summary>False at the end of a stream, after which another one goes on; after a failure only in a
    /// while.</summary>
    private async Task<bool> NextAsync(
        IAsyncEnumerator<SseItem<PublicStatus>> items, ApiCall call, int failures, CancellationTokenSource life,
        CancellationToken cancellation)
    {
        Exception failure;
        try
        {
            if (await items.MoveNextAsync().ConfigureAwait(false))
                return true;
            failure = new HttpRequestException(HttpRequestError.ResponseEnded, "The stream has ended.");
        }
        catch (OperationCanceledException)
            when (life.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception cause) when (cause is IOException && !cancellation.IsCancellationRequested)
        {
            failure = new HttpRequestException(HttpRequestError.ResponseEnded, "The stream was cut off.", cause);
        }
        catch (Exception cause) when (Retries.IsPassing(cause) && !cancellation.IsCancellationRequested)
        {
            failure = cause;
        }

        await _connection.WaitOutAsync(call, failure, failures, cancellation).ConfigureAwait(false);
        return false;
    }

    private async IAsyncEnumerable<SseItem<PublicStatus>> ReadAsync(
        ApiCall call, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var answer = await _connection.SendAsync(call, cancellation).ConfigureAwait(false);
        var stream = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        // Other kinds of events may come.
        var parser = SseParser.Create(stream, (kind, data) =>
            kind == "status" ? JsonSerializer.Deserialize(data, KobbopayJson.Default.PublicStatus) : null);
        await foreach (var item in parser.EnumerateAsync(cancellation).ConfigureAwait(false))
        {
            if (item.Data is { } status)
                yield return new SseItem<PublicStatus>(status, item.EventType) { EventId = item.EventId };
        }
    }
}
