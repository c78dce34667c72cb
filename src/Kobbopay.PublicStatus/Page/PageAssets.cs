using System.Collections.Frozen;
using System.Security.Cryptography;
using Kobbopay.ServiceDefaults.Identity;

namespace Kobbopay.PublicStatus.Page;

/// <summary>
/// The page's script, style and icon, from this assembly. A link carries the content's hash, so that a browser may
/// keep a file for ever and a new release is still seen at once.
/// </summary>
public static class PageAssets
{
    private static readonly FrozenDictionary<string, Asset> Files = new[]
    {
        Load("pay.js", "text/javascript; charset=utf-8"),
        Load("pay.css", "text/css; charset=utf-8"),
        Load("icon.svg", "image/svg+xml"),
    }.ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);

    public static string Link(string name) => $"/pay/assets/{name}?v={Files[name].Version}";

    public static void MapPageAssets(this IEndpointRouteBuilder app) =>
        app.MapMethods("/pay/assets/{name}", [HttpMethods.Get, HttpMethods.Head], Serve).AllowPublic();

    private static IResult Serve(string name, string? v, HttpContext http)
    {
        if (!Files.TryGetValue(name, out var asset))
            return Results.NotFound();
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = string.Equals(v, asset.Version, StringComparison.Ordinal)
            ? "public, max-age=31536000, immutable"
            : "no-cache";
        return Results.Bytes(asset.Bytes, asset.ContentType);
    }

    private static Asset Load(string name, string contentType)
    {
        var resource = $"{typeof(PageAssets).Namespace}.Assets.{name}";
        using var stream = typeof(PageAssets).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"{name} is not embedded");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return new Asset(name, contentType, bytes, Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6)));
    }

    private sealed record Asset(string Name, string ContentType, byte[] Bytes, string Version);
}
