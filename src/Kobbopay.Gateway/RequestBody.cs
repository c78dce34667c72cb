using Kobbopay.ServiceDefaults;
using Microsoft.AspNetCore.Http.Features;

namespace Kobbopay.Gateway;

/// <summary>
/// The limit of a body (contracts.md, section 1), in bytes of content. A body that tells its length is streamed. One
/// that does not (chunked) is read first: the server's own limit counts the chunks' framing, and a service should not
/// wait for, or see the beginning of, what may turn out to be too long.
/// </summary>
public static class RequestBody
{
    /// <summary>A chunk of one byte takes six on the wire.</summary>
    private const long LongestFraming = 6 * ServiceDefaultsExtensions.BodyLimit;

    public static async ValueTask<bool> FitsAsync(HttpContext http)
    {
        var request = http.Request;
        if (request.ContentLength is { } length)
            return length <= ServiceDefaultsExtensions.BodyLimit;
        var mayCome = http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true };
        return !mayCome || await ReadAsync(http);
    }

    private static async Task<bool> ReadAsync(HttpContext http)
    {
        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = LongestFraming;
        var content = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            if (content.Length + read > ServiceDefaultsExtensions.BodyLimit)
                return false;
            content.Write(buffer, 0, read);
        }

        content.Position = 0;
        http.Request.Body = content;
        http.Request.ContentLength = content.Length;
        http.Request.Headers.Remove("Transfer-Encoding");
        return true;
    }
}
