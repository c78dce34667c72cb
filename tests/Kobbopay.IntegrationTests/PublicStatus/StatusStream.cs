using System.Text.Json.Nodes;

namespace Kobbopay.IntegrationTests.PublicStatus;

/// <summary>A reader of server-sent events (the HTML standard, section 9.2), as far as the tests need one.</summary>
internal sealed class StatusStream : IAsyncDisposable
{
    private readonly StreamReader _lines;

    private StatusStream(HttpResponseMessage response, StreamReader lines) => (Response, _lines) = (response, lines);

    public HttpResponseMessage Response { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<StatusStream> OpenAsync(
        HttpClient http, string token, string? lastEventId = null, string? language = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/public/payments/{token}/stream");
        if (lastEventId is not null)
            request.Headers.Add("Last-Event-ID", lastEventId);
        if (language is not null)
            request.Headers.AcceptLanguage.ParseAdd(language);
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancellation);
        response.EnsureSuccessStatusCode();
        return new StatusStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(Cancellation)));
    }

    /// <summary>The next line that is not empty.</summary>
    public async Task<string> LineAsync()
    {
        while (true)
        {
            var line = await _lines.ReadLineAsync(Cancellation) ?? throw new EndOfStreamException();
            if (line.Length > 0)
                return line;
        }
    }

    /// <summary>The next event; what only keeps the stream alive is passed over.</summary>
    public async Task<(string Id, JsonNode Status)> NextAsync()
    {
        var id = string.Empty;
        while (true)
        {
            var line = await LineAsync();
            if (line.StartsWith("id: ", StringComparison.Ordinal))
                id = line["id: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                return (id, JsonNode.Parse(line["data: ".Length..])!);
        }
    }

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        Response.Dispose();
        return ValueTask.CompletedTask;
    }
}
