using System.Net;
using System.Text;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

/// <summary>A request as it left the client, and when.</summary>
internal sealed record SentRequest(
    string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, string? Body,
    DateTimeOffset At);

/// <summary>
/// The other side of a client: answers by a script, one step for each request and the last one for ever.
/// </summary>
internal sealed class ScriptedKobbopay : HttpMessageHandler
{
    private readonly Queue<Func<CancellationToken, Task<HttpResponseMessage>>> _script = [];

    public ScriptedKobbopay() => Client = new KobbopayClient(
        new HttpClient(this) { Timeout = Timeout.InfiniteTimeSpan },
        Options,
        Clock);

    public EagerClock Clock { get; } = new();

    public List<SentRequest> Requests { get; } = [];

    public List<KobbopayRetry> Retries { get; } = [];

    public KobbopayClient Client { get; }

    public KobbopayClientOptions Options => field ??= new KobbopayClientOptions
    {
        BaseAddress = new Uri("https://api.example.com"),
        ApiKey = "kp_test_key",
        OnRetry = Retries.Add,
    };

    public ScriptedKobbopay Answers(
        int status, string body = "{}", string type = "application/json", params (string Name, string Value)[] headers)
    {
        _script.Enqueue(_ =>
        {
            var answer = new HttpResponseMessage((HttpStatusCode)status)
            {
                Content = new StringContent(body, Encoding.UTF8, type),
            };
            foreach (var (name, value) in headers)
                answer.Headers.TryAddWithoutValidation(name, value);
            return Task.FromResult(answer);
        });
        return this;
    }

    public ScriptedKobbopay Refuses(
        int status, string code, bool retryable = false, string more = "", params (string Name, string Value)[] headers)
    {
        var body = $$"""
            {"type":"/docs/errors#x","title":"Title","status":{{status}},"detail":"Detail","instance":"/",
             "code":"{{code}}","requestId":"req_1","retryable":{{(retryable ? "true" : "false")}}{{more}}}
            """;
        return Answers(status, body, "application/problem+json", headers);
    }

    public ScriptedKobbopay Fails(Exception failure)
    {
        _script.Enqueue(_ => Task.FromException<HttpResponseMessage>(failure));
        return this;
    }

    public ScriptedKobbopay Hangs()
    {
        _script.Enqueue(async cancellation =>
        {
            _ = Task.Run(() => Clock.Advance(Options.Timeout), CancellationToken.None);
            await Task.Delay(Timeout.InfiniteTimeSpan, Clock, cancellation);
            throw new InvalidOperationException("Nothing ends the wait but its token.");
        });
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var headers = request.Headers.ToDictionary(
            header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
        var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        Requests.Add(new SentRequest(
            request.Method.Method, request.RequestUri!.AbsolutePath, request.RequestUri.Query, headers, body,
            Clock.GetUtcNow()));
        var step = _script.Count > 1 ? _script.Dequeue() : _script.Peek();
        return await step(cancellationToken);
    }
}
