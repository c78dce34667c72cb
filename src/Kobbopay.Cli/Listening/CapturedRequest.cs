using System.CommandLine;
using System.Text;
using System.Text.Json;
using Kobbopay.Cli.Running;

namespace Kobbopay.Cli.Listening;

/// <summary>A webhook as a receiver has written it down: its headers, and the exact bytes of its body.</summary>
internal sealed record CapturedRequest(IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    private const int Largest = 1024 * 1024;

    public static Option<string> HeadersOption() => new("--headers-file")
    {
        Description = "The headers, one 'Name: value' a line or a JSON object; from standard input unless given",
        HelpName = "FILE",
    };

    public static Option<string> BodyOption() => new("--body-file")
    {
        Description = "The exact bytes of the body; from standard input unless given, behind the headers' empty line",
        HelpName = "FILE",
    };

    public static async Task<CapturedRequest> ReadAsync(
        Context context, string? headersFile, string? bodyFile, CancellationToken cancellation)
    {
        var headers = headersFile is null ? null : await File.ReadAllBytesAsync(headersFile, cancellation);
        var body = bodyFile is null ? null : await File.ReadAllBytesAsync(bodyFile, cancellation);
        if (headers is not null && body is not null)
            return Of(headers, body);
        var input = await InputAsync(context, cancellation);
        if (headers is not null || body is not null)
            return Of(headers ?? input, body ?? input);
        var (head, rest) = Split(input);
        return Of(head, rest);
    }

    public string? Header(string name) => Headers.GetValueOrDefault(name);

    private static CapturedRequest Of(byte[] headers, byte[] body) =>
        new(Parse(Encoding.UTF8.GetString(headers)), body);

    private static async Task<byte[]> InputAsync(Context context, CancellationToken cancellation)
    {
        if (!context.Terminal.InputIsRedirected)
        {
            throw new CliException(
                "There is no request to look at.",
                "pipe it in (headers, an empty line, the body), or add --headers-file and --body-file.",
                ExitCodes.Usage);
        }

        using var all = new MemoryStream();
        var buffer = new byte[8192];
        int read;
        while ((read = await context.Terminal.Input.ReadAsync(buffer, cancellation)) > 0)
        {
            await all.WriteAsync(buffer.AsMemory(0, read), cancellation);
            if (all.Length > Largest)
            {
                throw new CliException(
                    "That is more than a webhook can be.", "give one request alone.", ExitCodes.Usage);
            }
        }

        return all.ToArray();
    }

    /// <summary>At the first empty line, as HTTP does.</summary>
    private static (byte[] Headers, byte[] Body) Split(byte[] request)
    {
        var (cr, lf) = (request.AsSpan().IndexOf("\r\n\r\n"u8), request.AsSpan().IndexOf("\n\n"u8));
        var (at, length) = cr >= 0 && (lf < 0 || cr < lf) ? (cr, 4) : (lf, 2);
        return at >= 0 ? (request[..at], request[(at + length)..]) : throw new CliException(
            "There is no empty line between headers and body.",
            "put one there, or give them apart: --headers-file and --body-file.", ExitCodes.Usage);
    }

    private static Dictionary<string, string> Parse(string text)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (text.TrimStart().StartsWith('{'))
        {
            foreach (var one in JsonElement.Parse(text).EnumerateObject())
                headers[one.Name] = one.Value.ToString();
            return headers;
        }

        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // The request line has no colon before its first space.
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && !line[..colon].Contains(' ', StringComparison.Ordinal))
                headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return headers;
    }
}
