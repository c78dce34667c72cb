using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Events;

/// <summary>What tests do with a merchant's feed.</summary>
internal static class Feeds
{
    /// <summary>A body may have 64 KiB, which escaped text would take several times.</summary>
    private static readonly JsonSerializerOptions Unescaped = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Creates payments and waits for their events; each merchant's feed begins with its own.</summary>
    public static async Task CreateAsync(this PaymentsHost payments, MerchantIdentity merchant, int count)
    {
        var before = await payments.LatestAsync(merchant);
        for (var i = 0; i < count; i++)
            await payments.CreateOneAsync(merchant);
        await Eventually.GetAsync(() => payments.LatestAsync(merchant), latest => latest >= before + count);
    }

    /// <summary>The new payment's id.</summary>
    public static async Task<string> CreateOneAsync(
        this PaymentsHost payments, MerchantIdentity merchant, object? metadata = null)
    {
        var created = await payments.CreateAsync(
            JsonSerializer.Serialize(
            new
            {
                amount = "10.5",
                currency = "USDT",
                network = "example-network",
                orderId = $"order-{Guid.CreateVersion7(TimeProvider.System.GetUtcNow())}",
                metadata,
            },
            Unescaped),
            merchant);
        created.Status.Should().Be(201, created.Body);
        return (string)created.Json["payment_id"]!;
    }

    public static async Task<JsonNode> FeedAsync(
        this PaymentsHost payments, MerchantIdentity merchant, string query = "")
    {
        var answer = await payments.SendAsync(HttpMethod.Get, $"/v1/events{query}", merchant: merchant);
        answer.Status.Should().Be(200, answer.Body);
        return answer.Json;
    }

    public static async Task<long> LatestAsync(this PaymentsHost payments, MerchantIdentity merchant) =>
        (long)(await payments.FeedAsync(merchant, "?limit=1"))["latestSequence"]!;

    public static long[] Sequences(this JsonNode page) =>
        [.. page["data"]!.AsArray().Select(one => (long)one!["sequence"]!)];

    public static string[] Types(this JsonNode page) =>
        [.. page["data"]!.AsArray().Select(one => (string)one!["type"]!)];
}

/// <summary>Reads server-sent events as a client does: frames of lines, each ended by an empty one.</summary>
internal sealed class SseReader(HttpResponseMessage response) : IAsyncDisposable
{
    private StreamReader? _lines;

    public HttpResponseMessage Response => response;

    /// <summary>The next frame's lines; null when the stream has ended.</summary>
    public async Task<string[]?> ReadAsync()
    {
        var cancellation = TestContext.Current.CancellationToken;
        _lines ??= new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
        var frame = new List<string>();
        while (await _lines.ReadLineAsync(cancellation) is { } line)
        {
            if (line.Length == 0)
                return [.. frame];
            frame.Add(line);
        }

        return null;
    }

    public ValueTask DisposeAsync()
    {
        _lines?.Dispose();
        response.Dispose();
        return ValueTask.CompletedTask;
    }
}
