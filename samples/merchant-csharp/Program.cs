using System.Globalization;
using System.Net;
using System.Text.Json.Serialization;
using Kobbopay.Client;
using Kobbopay.Client.AspNetCore;

namespace Kobbopay.Samples.Merchant;

/// <summary>
/// A small shop: it sells tea and toast for stablecoins. <c>POST /orders</c> creates a payment, <c>/webhooks</c> and
/// the feed tell what becomes of it, and <c>reconcile FROM TO</c> holds a report against the orders.
/// </summary>
public static class Program
{
    private const int DefaultPort = 9000;

    public static async Task<int> Main(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        await using var app = Build(args);
        if (args is ["reconcile", var from, var to, ..])
            return await ReconcileAsync(app, Day(from), Day(to));
        await app.RunAsync();
        return 0;
    }

    /// <summary>Configured by <c>KOBBOPAY_URL</c>, <c>KOBBOPAY_API_KEY</c> and <c>KOBBOPAY_WEBHOOK_SECRET</c>.</summary>
    public static WebApplication Build(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        var settings = builder.Configuration;
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, settings.GetValue("PORT", DefaultPort)));
        builder.Services.ConfigureHttpJsonOptions(json =>
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ShopJson.Default));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(new ShopDatabase(settings["SHOP_DATABASE"] ?? "shop.db"));
        builder.Services.AddKobbopayClient(options =>
        {
            options.BaseAddress = new Uri(Required("KOBBOPAY_URL"));
            options.ApiKey = Required("KOBBOPAY_API_KEY");
        });
        builder.Services.AddSingleton<PaymentEvents>();
        builder.Services.AddTransient<Checkout>();
        builder.Services.AddTransient<Reconcile>();
        builder.Services.AddHostedService<CatchUp>();
        string[] secrets = Required("KOBBOPAY_WEBHOOK_SECRET").Split(',');

        var app = builder.Build();
        app.Services.GetRequiredService<ShopDatabase>().Prepare();
        app.MapPost("/orders", async (NewOrder order, Checkout checkout, CancellationToken cancellation) =>
            await checkout.BuyAsync(order.Item, cancellation) is { } bought
                ? Results.Json(bought, ShopJson.Default.Order, statusCode: StatusCodes.Status201Created)
                : Results.NotFound());
        app.MapPost("/orders/{id}/pay", async (string id, Checkout checkout, CancellationToken cancellation) =>
            await checkout.PayAsync(id, cancellation) is { } order
                ? Results.Json(order, ShopJson.Default.Order)
                : Results.NotFound());
        app.MapGet("/orders", (ShopDatabase shop) =>
        {
            using var connection = shop.Open();
            return Results.Json(Order.All(connection), ShopJson.Default.ListOrder);
        });
        app.MapKobbopayWebhook("/webhooks", () => secrets, (one, services, _) =>
        {
            services.GetRequiredService<PaymentEvents>().Take(one);
            return Task.CompletedTask;
        });
        return app;

        string Required(string name) => settings[name] is { Length: > 0 } value
            ? value
            : throw new InvalidOperationException($"Set {name}, or take the values of .kobbopay/demo.env.");
    }

    private static async Task<int> ReconcileAsync(WebApplication app, DateTimeOffset from, DateTimeOffset to)
    {
        var result = await app.Services.GetRequiredService<Reconcile>().RunAsync(from, to, CancellationToken.None);
        foreach (var difference in result.Differences)
            Console.WriteLine(difference);
        Console.WriteLine($"{result.Payments} payments, {result.Total} USDT: "
            + (result.Differences.Count == 0 ? "the books agree" : $"{result.Differences.Count} differences"));
        return result.Differences.Count == 0 ? 0 : 1;
    }

    private static DateTimeOffset Day(string text) => new(
        DateOnly.Parse(text, CultureInfo.InvariantCulture).ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc));
}

/// <param name="Item">What to buy: <c>tea</c> or <c>toast</c>.</param>
internal sealed record NewOrder(string Item);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NewOrder))]
[JsonSerializable(typeof(Order))]
[JsonSerializable(typeof(List<Order>))]
internal sealed partial class ShopJson : JsonSerializerContext;
