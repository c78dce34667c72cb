using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// Scripts, styles and icons of pages, embedded in the assembly of their service. A link carries the content's hash, so
/// that a browser may keep a file for ever and a new release is still seen at once.
/// </summary>
/// <param name="folder">The path they are served under, <c>/pay/assets</c>.</param>
/// <param name="names">Resources <c>{namespace}.{name}</c> of the assembly.</param>
public sealed class PageAssets(Assembly assembly, string folder, string resources, params string[] names)
{
    private readonly FrozenDictionary<string, Asset> _files = names
        .Select(name => Load(assembly, resources, name))
        .ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);

    public string Link(string name) => $"{folder}/{name}?v={_files[name].Version}";

    public void MapTo(IEndpointRouteBuilder app) =>
        app.MapMethods($"{folder}/{{name}}", [HttpMethods.Get, HttpMethods.Head], Serve)
            .AllowPublic()
            .ExcludeFromDescription();

    private IResult Serve(string name, string? v, HttpContext http)
    {
        if (!_files.TryGetValue(name, out var asset))
            return Results.NotFound();
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers.CacheControl = string.Equals(v, asset.Version, StringComparison.Ordinal)
            ? "public, max-age=31536000, immutable"
            : "no-cache";
        return Results.Bytes(asset.Bytes, asset.ContentType);
    }

    private static Asset Load(Assembly assembly, string resources, string name)
    {
        using var stream = assembly.GetManifestResourceStream($"{resources}.{name}")
            ?? throw new InvalidOperationException($"{name} is not embedded");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        var contentType = Path.GetExtension(name) switch
        {
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            var other => throw new InvalidOperationException($"What is {other}?"),
        };
        return new Asset(name, contentType, bytes, Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 6)));
    }

    private sealed record Asset(string Name, string ContentType, byte[] Bytes, string Version);
}
