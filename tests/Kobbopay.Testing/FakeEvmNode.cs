using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kobbopay.Testing;

/// <summary>
/// A provider of an EVM network's JSON-RPC, with every way to misbehave that real ones have: a real HTTP server on a
/// loopback port that shows a <see cref="FakeEvmChain"/>. How a node behaves that means well is for anvil to show.
/// <code>
/// var chain = new FakeEvmChain();
/// await using var node = await FakeEvmNode.StartAsync(chain);
/// node.Trouble.Lag = 30;
/// </code>
/// </summary>
public sealed class FakeEvmNode : IAsyncDisposable
{
    /// <summary>The part of the URL that nobody but its owner may see.</summary>
    public const string Key = "key-of-the-owner-1f9c";

    private readonly WebApplication application;
    private readonly FakeEvmMethods methods;
    private readonly ConcurrentDictionary<string, int> calls = new(StringComparer.Ordinal);
    private int requests;

    private FakeEvmNode(WebApplication application, FakeEvmChain chain)
    {
        this.application = application;
        Chain = chain;
        methods = new FakeEvmMethods(chain, Trouble);
    }

    public FakeEvmChain Chain { get; }

    public FakeEvmTrouble Trouble { get; } = new();

    public Uri Url { get; private set; } = null!;

    /// <summary>HTTP requests that have come.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>Calls in them, by method.</summary>
    public IReadOnlyDictionary<string, int> Calls => calls;

    /// <summary>The last request's headers.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; private set; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    public static async Task<FakeEvmNode> StartAsync(FakeEvmChain chain)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var node = new FakeEvmNode(builder.Build(), chain);
        node.application.Run(node.HandleAsync);
        await node.application.StartAsync();
        var server = node.application.Services.GetRequiredService<IServer>();
        var addresses = server.Features.Get<IServerAddressesFeature>();
        node.Url = new Uri(new Uri(addresses!.Addresses.Single()), $"/v2/{Key}");
        return node;
    }

    public int CallsOf(string method) => calls.GetValueOrDefault(method);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await application.StopAsync(now.Token);
        await application.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        Headers = context.Request.Headers.ToDictionary(
            header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        var request = (await JsonNode.ParseAsync(context.Request.Body, null, default, context.RequestAborted))!;
        var asked = request is JsonArray batch ? [.. batch.Select(call => call!)] : new[] { request };
        var names = asked.Select(call => (string)call["method"]!).ToList();
        foreach (var name in names)
            calls.AddOrUpdate(name, 1, (_, count) => count + 1);
        var place = Interlocked.Increment(ref requests);

        await Trouble.Gate.WaitAsync(context.RequestAborted);
        var isSpared = place <= Trouble.FaultAfter || (Trouble.FaultMethod is { } only && !names.Contains(only));
        var fault = isSpared ? FakeEvmFault.None : Trouble.Fault;
        var answer = Trouble.BatchLimit is { } limit && asked.Length > limit
            ? FakeEvmMethods.Error(null, -32600, "batch too large")
            : Answer(request is JsonArray, asked, fault);
        await WriteAsync(context, Encoding.UTF8.GetBytes(answer.ToJsonString()), fault);
    }

    private JsonNode Answer(bool isBatch, JsonNode[] asked, FakeEvmFault fault)
    {
        var answers = asked.Select(methods.Answer).ToList();
        if (fault == FakeEvmFault.OtherIds)
            answers.ForEach(answer => answer["id"] = 1_000_000 + (long)answer["id"]!);
        if (!isBatch)
            return answers[0];
        if (fault == FakeEvmFault.Reversed)
            answers.Reverse();
        if (fault == FakeEvmFault.Incomplete)
            answers.RemoveAt(answers.Count - 1);
        return new JsonArray([.. answers]);
    }

    private async Task WriteAsync(HttpContext context, byte[] answer, FakeEvmFault fault)
    {
        var response = context.Response;
        response.ContentType = "application/json";
        switch (fault)
        {
            case FakeEvmFault.TooManyRequests:
            case FakeEvmFault.Unavailable:
                response.StatusCode = fault == FakeEvmFault.Unavailable ? 503 : 429;
                response.Headers.RetryAfter = Trouble.RetryAfter;
                await response.WriteAsync($"<html>Nothing at {context.Request.Path}</html>", context.RequestAborted);
                break;
            case FakeEvmFault.Malformed:
                answer[Array.LastIndexOf(answer, (byte)',', answer.Length / 2)] = (byte)'{';
                await response.Body.WriteAsync(answer, context.RequestAborted);
                break;
            case FakeEvmFault.Half:
                await response.Body.WriteAsync(answer.AsMemory(0, answer.Length / 2), context.RequestAborted);
                break;
            case FakeEvmFault.Truncated:
                response.ContentLength = answer.Length;
                await response.Body.WriteAsync(answer.AsMemory(0, answer.Length / 2), context.RequestAborted);
                await response.Body.FlushAsync(context.RequestAborted);
                context.Abort();
                break;
            case FakeEvmFault.Hanging:
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
                break;
            case FakeEvmFault.Closed:
                context.Abort();
                break;
            case FakeEvmFault.Trickling:
            case FakeEvmFault.Endless:
            case FakeEvmFault.EndlessPacked:
                await WriteEndlesslyAsync(response, fault, context.RequestAborted);
                break;
            case FakeEvmFault.Packed:
                response.Headers.ContentEncoding = "gzip";
                await using (var packed = new GZipStream(response.Body, CompressionLevel.Fastest))
                    await packed.WriteAsync(answer, context.RequestAborted);
                break;
            default:
                response.ContentLength = answer.Length;
                await response.Body.WriteAsync(answer, context.RequestAborted);
                break;
        }
    }

    private static async Task WriteEndlesslyAsync(
        HttpResponse response, FakeEvmFault fault, CancellationToken cancellation)
    {
        var isSlow = fault == FakeEvmFault.Trickling;
        var isPacked = fault == FakeEvmFault.EndlessPacked;
        if (isPacked)
            response.Headers.ContentEncoding = "gzip";
        await using var packed = isPacked ? new GZipStream(response.Body, CompressionLevel.Fastest) : null;
        var body = packed ?? response.Body;
        var spaces = Encoding.UTF8.GetBytes(new string(' ', isSlow ? 1 : 64 * 1024));
        while (!cancellation.IsCancellationRequested)
        {
            await body.WriteAsync(spaces, cancellation);
            await body.FlushAsync(cancellation);
            if (isSlow)
                await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, cancellation);
        }
    }
}
