using System.Net;
using System.Net.Http.Headers;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>
/// The bytes that an attempt sends, and the stop-watch of its parts: the one object of an attempt that the socket pool
/// shows wherever something happens (connecting, securing, sending), so measuring costs a few clock reads and no
/// allocation. A pool may connect for one request and serve it on a connection that has become free meanwhile; a
/// connection counts as this attempt's only when it was ready before the bytes were sent.
/// </summary>
internal class AttemptContent : HttpContent
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly byte[] _body;
    private readonly TimeProvider _clock;
    private readonly long _started;

    // Zero until it happens. The pool may still write the first three while the others are read.
    private long _connecting;
    private long _connected;
    private long _ready;
    private long _sent;
    private long _answered;

    public AttemptContent(byte[] body, TimeProvider clock)
    {
        (_body, _clock, _started) = (body, clock, clock.GetTimestamp());
        Headers.ContentType = Json;
    }

    public TimeSpan Elapsed => _clock.GetElapsedTime(_started);

    /// <summary>Finding the address and opening the connection.</summary>
    public TimeSpan? Connect => IsOwn ? Between(_connecting, _connected) : null;

    public TimeSpan? Tls(bool secure) => secure && IsOwn ? Between(_connected, _ready) : null;

    /// <summary>From sending to the answer's head.</summary>
    public TimeSpan? FirstByte => Between(_sent, _answered);

    private bool IsOwn => _sent == 0 || (_ready > 0 && _ready <= _sent);

    public void Connecting() => _connecting = _clock.GetTimestamp();

    public void Connected() => _connected = _clock.GetTimestamp();

    /// <summary>The connection is up, secured where it is to be.</summary>
    public void Ready() => _ready = _clock.GetTimestamp();

    /// <summary>The answer's head is there.</summary>
    public void Answered() => _answered = _clock.GetTimestamp();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _sent = _clock.GetTimestamp();
        return WriteAsync(stream, _body, cancellationToken);
    }

    protected virtual Task WriteAsync(Stream stream, ReadOnlyMemory<byte> body, CancellationToken cancellation) =>
        stream.WriteAsync(body, cancellation).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }

    private TimeSpan? Between(long from, long to) =>
        from > 0 && to >= from ? _clock.GetElapsedTime(from, to) : null;
}
