using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// A request's JSON body and its exact bytes (the fingerprint of an idempotent request). Own binding, because the
/// contract tells 400 (not JSON) from 422 (JSON, but not what the route takes) and wants a pointer to the field.
/// </summary>
public sealed record JsonBody<T>(T Value, ReadOnlyMemory<byte> Bytes);

public static class JsonBody
{
    /// <exception cref="ProblemException">
    /// <c>unsupported_media_type</c>, <c>body_too_large</c>, <c>invalid_json</c> or <c>invalid_request</c> (unknown
    /// field, wrong type).
    /// </exception>
    public static async Task<JsonBody<T>> ReadAsync<T>(
        HttpContext http, JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        if (!http.Request.HasJsonContentType())
            throw new ProblemException(ProblemCodes.UnsupportedMediaType, "Send the body as application/json.");

        var bytes = await ReadAllAsync(http.Request.BodyReader, cancellation);
        try
        {
            var value = JsonSerializer.Deserialize(bytes, type);
            return value is null
                ? throw new ProblemException(ProblemCodes.InvalidRequest, "The body must be a JSON object.")
                : new JsonBody<T>(value, bytes);
        }
        catch (JsonException refused)
        {
            throw Explain(refused, bytes);
        }
    }

    /// <summary>The same for a route whose fields are all optional: no body is <paramref name="fallback"/>.</summary>
    public static async Task<JsonBody<T>> ReadOrDefaultAsync<T>(
        HttpContext http, JsonTypeInfo<T> type, T fallback, CancellationToken cancellation)
        where T : class =>
        http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }
            ? new JsonBody<T>(fallback, ReadOnlyMemory<byte>.Empty)
            : await ReadAsync(http, type, cancellation);

    private static async Task<byte[]> ReadAllAsync(PipeReader body, CancellationToken cancellation)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellation);
            if (read.IsCompleted)
            {
                var bytes = read.Buffer.ToArray();
                body.AdvanceTo(read.Buffer.End);
                return bytes;
            }

            // Kestrel's own limit ends a body that is longer than allowed.
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static ProblemException Explain(JsonException refused, byte[] bytes)
    {
        if (SyntaxError(bytes) is { } syntaxError)
            return new ProblemException(ProblemCodes.InvalidJson, syntaxError);

        var pointer = PointerOf(refused.Path);
        // The serializer's own words name .NET types; ours name the field.
        var error = refused.Message switch
        {
            var words when words.Contains("could not be mapped", StringComparison.Ordinal) =>
                new InvalidField(pointer, "unknown_field", "This field is not known."),
            // "Duplicate property" of an object, "Duplicate properties" of a dictionary.
            var words when words.Contains("Duplicate propert", StringComparison.Ordinal) =>
                new InvalidField(pointer, "duplicate_field", "This field stands twice."),
            _ => new InvalidField(pointer, "wrong_type", "This value has the wrong type."),
        };
        var name = pointer.Length == 0 ? "The body" : pointer;
        return new ProblemException(ProblemCodes.InvalidRequest, $"{name}: {error.Message}", [error]);
    }

    private static string? SyntaxError(byte[] bytes)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 64 });
            while (reader.Read())
            {
                // A string may be well quoted and still no text: an unpaired surrogate, or bytes that are not UTF-8.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName)
                    _ = reader.GetString();
            }

            return null;
        }
        catch (JsonException error)
        {
            return bytes.Length == 0
                ? "The body is empty."
                : $"The body is not valid JSON: line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}.";
        }
        catch (InvalidOperationException)
        {
            return "The body is not valid JSON: a string is not valid Unicode.";
        }
    }

    /// <summary>The serializer's path (<c>$.metadata['a b']</c>) as RFC 6901 pointer (<c>/metadata/a b</c>).</summary>
    internal static string PointerOf(string? path)
    {
        if (path is null or "$")
            return string.Empty;

        var pointer = new StringBuilder();
        for (var at = 1; at < path.Length;)
        {
            var quoted = path[at] == '[' && at + 1 < path.Length && path[at + 1] == '\'';
            var start = at + (quoted ? 2 : 1);
            var end = quoted
                ? path.IndexOf("']", start, StringComparison.Ordinal)
                : path.IndexOfAny(path[at] == '[' ? [']'] : ['.', '['], start);
            if (end < 0)
                end = path.Length;
            pointer.Append('/').Append(path[start..end].Replace("~", "~0", StringComparison.Ordinal)
                .Replace("/", "~1", StringComparison.Ordinal));
            at = path[at] == '[' ? end + (quoted ? 2 : 1) : end;
        }

        return pointer.ToString();
    }
}
