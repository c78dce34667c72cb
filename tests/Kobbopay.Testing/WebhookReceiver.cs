using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kobbopay.Testing;

/// <summary>
/// A merchant's endpoint: a real HTTP server on a loopback port that records what arrives and answers from a script.
/// <code>
/// await using var receiver = await WebhookReceiver.StartAsync();
/// receiver.Answers(WebhookAnswer.Of(500), WebhookAnswer.Closed, WebhookAnswer.Of(200).After(TimeSpan.FromSeconds(1)));
/// ... // register receiver.Url as an endpoint, cause an event
/// var requests = await receiver.ReceiveAsync(3);          // waits until three have arrived
/// requests[0].Verify(secret).Values.Should().OnlyContain(verdict => verdict == WebhookVerdict.Valid);
/// requests[0].Json.GetProperty("type").GetString().Should().Be("payment.created");
/// </code>
/// The script is used up request by request; after it, and without one, every request gets <see cref="Default"/> (200).
/// </summary>
public sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication application;
    private readonly ConcurrentQueue<WebhookAnswer> script = new();
    private readonly ConcurrentQueue<ReceivedWebhook> requests = new();

    private WebhookReceiver(WebApplication application) => this.application = application;

    /// <summary>
    /// Any other path of the same server is received too, with <see cref="ReceivedWebhook.Path"/> telling them apart.
    /// </summary>
    public Uri Url { get; private set; } = null!;

    /// <summary>Everything received so far, in order of arrival.</summary>
    public IReadOnlyList<ReceivedWebhook> Requests => [.. requests];

    /// <summary>How many those are.</summary>
    public int Count => requests.Count;

    /// <summary>Every answer waits for this: requests stay open for as long as a test likes.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>What is answered when the script is used up.</summary>
    public WebhookAnswer Default { get; set; } = WebhookAnswer.Of(200);

    /// <summary>Answers by what came, instead of <see cref="Default"/>: a receiver that verifies.</summary>
    public Func<ReceivedWebhook, WebhookAnswer>? Judge { get; set; }

    /// <param name="address">A loopback address, such as 127.0.0.2 for an endpoint of another IP.</param>
    /// <param name="port">0 takes a free one.</param>
    public static async Task<WebhookReceiver> StartAsync(string address = "127.0.0.1", int port = 0)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://{address}:{port}"));
        builder.Logging.ClearProviders();
        var receiver = new WebhookReceiver(builder.Build());
        receiver.application.Run(receiver.HandleAsync);
        await receiver.application.StartAsync();
        var server = receiver.application.Services.GetRequiredService<IServer>();
        var addresses = server.Features.Get<IServerAddressesFeature>();
        receiver.Url = new Uri(new Uri(addresses!.Addresses.Single()), "/webhooks");
        return receiver;
    }

    /// <summary>Appends to the script.</summary>
    public void Answers(params IEnumerable<WebhookAnswer> answers)
    {
        foreach (var answer in answers)
            script.Enqueue(answer);
    }

    /// <summary>Waits until at least that many requests have arrived, and returns all.</summary>
    public Task<IReadOnlyList<ReceivedWebhook>> ReceiveAsync(int count, TimeSpan? timeout = null) =>
        Eventually.SeeAsync(() => Requests, received => received.Count >= count, timeout, $"{count} webhooks received");

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await application.StopAsync(now.Token);
        await application.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var received = new ReceivedWebhook(
            TimeProvider.System.GetUtcNow(),
            context.Request.Method,
            context.Request.Path + context.Request.QueryString,
            context.Request.Headers.ToDictionary(
                header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        requests.Enqueue(received);

        await Gate.WaitAsync(context.RequestAborted);
        var answer = script.TryDequeue(out var scripted) ? scripted : Judge?.Invoke(received) ?? Default;
        if (answer.Delay > TimeSpan.Zero)
            await Task.Delay(answer.Delay, TimeProvider.System, context.RequestAborted);
        if (answer.Status is not { } status)
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = status;
        foreach (var (name, value) in answer.Headers)
            context.Response.Headers[name] = value;
        await context.Response.WriteAsync(answer.Body, context.RequestAborted);
    }
}

/// <summary>One scripted answer; no status closes the connection without one.</summary>
public sealed record WebhookAnswer(int? Status)
{
    /// <summary>
    /// The request is read, then the connection is closed: the sender can't know whether it was taken.
    /// </summary>
    public static WebhookAnswer Closed { get; } = new((int?)null);

    public TimeSpan Delay { get; init; }
    public string Body { get; init; } = "";
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(
        StringComparer.Ordinal);

    public static WebhookAnswer Of(int status) => new(status);

    public WebhookAnswer After(TimeSpan delay) => this with { Delay = delay };

    public WebhookAnswer With(string header, string value) =>
        this with { Headers = new Dictionary<string, string>(Headers, StringComparer.Ordinal) { [header] = value } };
}
