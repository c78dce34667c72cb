using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Kobbopay.Testing;

/// <summary>
/// Waits for what another process or loop is about to do, instead of sleeping.
/// <code>
/// var payment = await Eventually.GetAsync(() => ReadPaymentAsync(id), payment => payment.Status == "Confirmed");
/// await Eventually.TrueAsync(() => receiver.Requests.Count >= 3);
/// </code>
/// Passes as soon as the condition holds; fails after the time-out (20 s unless given) with the last value or
/// exception.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);

    /// <summary>
    /// Reads until the value satisfies the condition, and returns it. Exceptions of a read are tried again.
    /// </summary>
    public static async Task<T> GetAsync<T>(
        Func<Task<T>> read,
        Func<T, bool> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string? expected = null)
    {
        var started = Stopwatch.GetTimestamp();
        string last;
        do
        {
            try
            {
                var value = await read();
                if (condition(value))
                    return value;
                last = $"the last value was: {Describe(value)}";
            }
            catch (Exception problem) when (problem is not OperationCanceledException)
            {
                last = $"the last attempt failed: {problem.GetType().Name}: {problem.Message}";
            }

            await Task.Delay(Poll, TimeProvider.System);
        }
        while (Stopwatch.GetElapsedTime(started) < (timeout ?? DefaultTimeout));

        throw new TimeoutException(
            $"Not within {(timeout ?? DefaultTimeout).TotalSeconds} s: {expected}; {last}");
    }

    /// <summary>The same for a value that is at hand.</summary>
    public static Task<T> SeeAsync<T>(
        Func<T> read,
        Func<T, bool> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string? expected = null) =>
        GetAsync(() => Task.FromResult(read()), condition, timeout, expected);

    public static Task TrueAsync(
        Func<bool> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string? expected = null) =>
        GetAsync(() => Task.FromResult(condition()), value => value, timeout, expected);

    public static Task TrueAsync(
        Func<Task<bool>> condition,
        TimeSpan? timeout = null,
        [CallerArgumentExpression(nameof(condition))] string? expected = null) =>
        GetAsync(condition, value => value, timeout, expected);

    private static string Describe<T>(T value) => value switch
    {
        null => "null",
        string text => text,
        System.Collections.IEnumerable many => $"[{string.Join(", ", many.Cast<object?>())}]",
        _ => value.ToString() ?? "null",
    };
}
