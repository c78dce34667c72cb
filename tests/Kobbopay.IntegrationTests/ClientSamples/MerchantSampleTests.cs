using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Kobbopay.Client;
using Kobbopay.IntegrationTests.Sdk;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.LocalServers;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Shop = Kobbopay.Samples.Merchant.Program;

namespace Kobbopay.IntegrationTests.ClientSamples;

/// <summary>samples/merchant-csharp as a shop would run it, against all services.</summary>
public sealed class MerchantSampleTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>, IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("kobbopay-shop-");
    private readonly int _port = LoopbackPorts.Free(1)[0];
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private SdkMerchant _merchant = null!;
    private string _secret = WebhookSecret.Create();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(_folder.FullName, "shop.db");

    public async ValueTask InitializeAsync()
    {
        _merchant = await SdkMerchant.OfAsync(system);
        _http.BaseAddress = new UriBuilder("http", "127.0.0.1", _port).Uri;
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task What_is_paid_is_shipped_once_however_often_and_by_whatever_way_the_events_come()
    {
        var endpoint = await RegisterAsync();
        await using var shop = await StartAsync();
        var order = await BuyAsync("tea");
        order["status"]!.ToString().Should().Be("Pending");

        await PlayAsync(order);
        var shipped = await ShippedAsync(order);
        (shipped["status"]!.ToString(), shipped["decision"]!.ToString()).Should().Be(("Confirmed", "fulfil"));

        // The feed has brought all of them by now, and the webhooks too; now each webhook comes once more.
        var client = _merchant.Test;
        await Eventually.TrueAsync(async () => await SucceededAsync(client, endpoint) >= 3);
        await foreach (var delivery in client.WebhookDeliveries.ListAsync(cancellationToken: Token))
            await client.WebhookDeliveries.RedeliverAsync(delivery.Id, cancellationToken: Token);
        await Eventually.TrueAsync(async () => await SucceededAsync(client, endpoint) >= 6);
        (await OrderAsync(order)).ToJsonString().Should().Be(shipped.ToJsonString());
    }

    [Fact]
    public async Task What_happened_while_the_shop_was_away_is_found_in_the_feed()
    {
        JsonNode order;
        await using (await StartAsync())
            order = await BuyAsync("toast");
        await PlayAsync(order);

        await using var again = await StartAsync();
        (await ShippedAsync(order))["status"]!.ToString().Should().Be("Confirmed");
    }

    [Fact]
    public async Task A_webhook_that_nobody_signed_is_refused_and_what_is_not_sold_is_not_found()
    {
        await using var shop = await StartAsync();
        using var forged = await _http.PostAsJsonAsync("/webhooks", new { id = "evt_1" }, Token);
        forged.StatusCode.Should().Be(HttpStatusCode.BadRequest);
        using var coffee = await _http.PostAsJsonAsync("/orders", new { item = "coffee" }, Token);
        coffee.StatusCode.Should().Be(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_books_agree_until_something_is_wrong_with_them()
    {
        await using (await StartAsync())
        {
            var orders = new[] { await BuyAsync("tea"), await BuyAsync("toast") };
            foreach (var order in orders)
            {
                await PlayAsync(order);
                await ShippedAsync(order);
            }
        }

        (await ReconcileAsync()).Should().Be(0);
        Change("update orders set shipped_at = null where item = 'tea'");
        (await ReconcileAsync()).Should().Be(1);
        Change("update orders set shipped_at = 'now', amount = '10.4' where item = 'tea'");
        (await ReconcileAsync()).Should().Be(1);
        Change("update orders set amount = '10.5' where item = 'tea'");
        (await ReconcileAsync()).Should().Be(0);
        Change("delete from orders where item = 'toast'");
        (await ReconcileAsync()).Should().Be(1);
    }

    private string[] Settings =>
    [
        $"--KOBBOPAY_URL={system.Http.BaseAddress}", $"--KOBBOPAY_API_KEY={_merchant.Merchant.TestKey}",
        $"--KOBBOPAY_WEBHOOK_SECRET={_secret}", $"--SHOP_DATABASE={Database}", $"--PORT={_port}",
    ];

    private async Task<WebApplication> StartAsync()
    {
        var shop = Shop.Build(Settings);
        await shop.StartAsync(Token);
        return shop;
    }

    private Task<int> ReconcileAsync()
    {
        var today = TimeProvider.System.GetUtcNow();
        return Shop.Main(["reconcile", Day(today.AddDays(-1)), Day(today.AddDays(2)), .. Settings]);

        static string Day(DateTimeOffset time) => time.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    private async Task<string> RegisterAsync()
    {
        WebhookEndpointWithSecret endpoint = await _merchant.Test.WebhookEndpoints.CreateAsync(
            new CreateWebhookEndpointRequest { Url = $"{_http.BaseAddress}webhooks", Events = ["*"] },
            cancellationToken: Token);
        _secret = endpoint.Secret!;
        return endpoint.Id;
    }

    private async Task<JsonNode> BuyAsync(string item)
    {
        using var answer = await _http.PostAsJsonAsync("/orders", new { item }, Token);
        answer.StatusCode.Should().Be(HttpStatusCode.Created);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Token))!;
    }

    private async Task PlayAsync(JsonNode order) => await SdkExamples.PlayAsync(
        _merchant.Test, await _merchant.Test.Payments.GetAsync(order["paymentId"]!.ToString(), Token));

    private async Task<JsonNode> OrderAsync(JsonNode order) =>
        (await _http.GetFromJsonAsync<JsonArray>("/orders", Token))!
            .Single(one => one!["id"]!.ToString() == order["id"]!.ToString())!;

    private Task<JsonNode> ShippedAsync(JsonNode order) =>
        Eventually.GetAsync(() => OrderAsync(order), one => one["shippedAt"] is not null);

    private static async Task<int> SucceededAsync(KobbopayClient client, string endpoint)
    {
        var attempts = 0;
        var filter = new WebhookDeliveryFilter { EndpointId = endpoint };
        await foreach (var delivery in client.WebhookDeliveries.ListAsync(filter, cancellationToken: Token))
        {
            await foreach (var attempt in client.WebhookDeliveries.ListAttemptsAsync(
                delivery.Id, cancellationToken: Token))
            {
                if (attempt.StatusCode == StatusCodes.Status204NoContent)
                    attempts++;
            }
        }

        return attempts;
    }

    private void Change(string statement)
    {
        using var connection = new SqliteConnection($"Data Source={Database}");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are constants of this class.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }
}
