using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>What streams of server-sent events have in common (WHATWG HTML, section 9.2).</summary>
public static class ServerSentEvents
{
    public const string ContentType = "text/event-stream";

    /// <summary>Silence that proxies take for a dead connection is longer than this.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>A comment: the stream is alive.</summary>
    public static ReadOnlySpan<byte> StillHere => ": still here\n\n"u8;

    /// <summary>Begins the answer; the first flush sends it.</summary>
    public static PipeWriter Begin(HttpResponse response)
    {
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        // Proxies that gather an answer before they pass it on are asked not to.
        response.Headers["X-Accel-Buffering"] = "no";
        response.BodyWriter.Write("retry: 2000\n\n"u8);
        return response.BodyWriter;
    }
}
