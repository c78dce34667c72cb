using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// A request's claim to be done once: scope is its owner (<see cref="IdempotencyOwner"/>) and route (contracts.md,
/// section 1).
/// </summary>
/// <param name="Fingerprint">SHA-256 over method, path and body.</param>
public sealed record IdempotencyClaim(string Route, string Key, byte[] Fingerprint);

/// <summary>
/// The <c>Idempotency-Key</c> header, and the wait of a second request for the first. Waiters of one replica share the
/// first's task and hold no database connection; between replicas the unique index decides.
/// </summary>
public sealed class Idempotency(TimeProvider clock)
{
    public const string Header = "Idempotency-Key";
    public const string ReplayedHeader = "Idempotency-Replayed";

    internal const int LongestKey = 255;

    /// <summary>A second request waits this long for the first.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<(IdempotencyOwner, string, string), Task> _running = new();

    /// <exception cref="ProblemException"><c>invalid_request</c> when the key is not 1-255 printable ASCII
    /// characters.</exception>
    public static IdempotencyClaim? ClaimOf(HttpContext http, ReadOnlyMemory<byte> body)
    {
        if (!http.Request.Headers.TryGetValue(Header, out var values))
            return null;

        var key = values.ToString();
        if (values.Count != 1 || key.Length is 0 or > LongestKey || key.Any(c => c is < ' ' or > '~'))
        {
            throw new ProblemException(
                ProblemCodes.InvalidRequest,
                $"{Header} must be 1 to {LongestKey} printable ASCII characters.",
                [new InvalidField(Header, "invalid_format", $"Must be 1 to {LongestKey} printable ASCII characters.")]);
        }

        var route = $"{http.Request.Method} {http.Request.Path}";
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(route + "\n"));
        hash.AppendData(body.Span);
        return new IdempotencyClaim(route, key, hash.GetHashAndReset());
    }

    /// <summary>Runs the request when no other with its key runs here; otherwise waits for that one first.</summary>
    /// <exception cref="ProblemException"><c>idempotency_key_in_use</c> when the other takes longer than the
    /// patience.</exception>
    public async Task<T> RunAloneAsync<T>(
        IdempotencyOwner owner, IdempotencyClaim? claim, Func<Task<T>> run, CancellationToken cancellation)
    {
        if (claim is null)
            return await run();

        var scope = (owner, claim.Route, claim.Key);
        var deadline = clock.GetTimestamp();
        var own = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (_running.GetOrAdd(scope, own.Task) is var running && running != own.Task)
            await WaitAsync(running, Patience - clock.GetElapsedTime(deadline), cancellation);

        try
        {
            return await run();
        }
        finally
        {
            _running.TryRemove(scope, out _);
            own.SetResult();
        }
    }

    private async Task WaitAsync(Task running, TimeSpan patience, CancellationToken cancellation)
    {
        try
        {
            await running.WaitAsync(patience > TimeSpan.Zero ? patience : TimeSpan.Zero, clock, cancellation);
        }
        catch (TimeoutException)
        {
            throw new ProblemException(
                ProblemCodes.IdempotencyKeyInUse,
                "The first request with this key is still running; ask again for its answer.")
            {
                RetryAfterSeconds = 1,
            };
        }
    }
}
