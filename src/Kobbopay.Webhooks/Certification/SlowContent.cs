using Kobbopay.Webhooks.Deliveries;

namespace Kobbopay.Webhooks.Certification;

/// <summary>A body that arrives in pieces, as over a slow line: a receiver has to wait for its end.</summary>
internal sealed class SlowContent(byte[] body, TimeProvider clock) : AttemptContent(body, clock)
{
    private const int Pieces = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly TimeProvider _clock = clock;

    /// <summary>What of an attempt's time is not the receiver's.</summary>
    public static TimeSpan Pauses => Pause * (Pieces - 1);

    protected override async Task WriteAsync(
        Stream stream, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var length = (body.Length / Pieces) + 1;
        for (var start = 0; start < body.Length; start += length)
        {
            if (start > 0)
                await Task.Delay(Pause, _clock, cancellation);
            await stream.WriteAsync(body[start..Math.Min(start + length, body.Length)], cancellation);
            await stream.FlushAsync(cancellation);
        }
    }
}
