using Kobbopay.Durability;
using Kobbopay.Payments.Events;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Sandbox;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Data;

namespace Kobbopay.Payments;

/// <summary>
/// Payments and their lifecycle, the merchants they belong to, the rails they arrive on, and their events.
/// </summary>
public static class Program
{
    public static Task Main(string[] args) => Build(args).RunAsync();

    /// <param name="clock">The tests' clock; the system's when null.</param>
    public static WebApplication Build(string[] args, TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddServiceDefaults();
        builder.AddDatabase(ResourceNames.PaymentsDatabase);
        builder.MigrateAtStart(ResourceNames.PaymentsDatabase, typeof(Program).Assembly);
        builder.AddMessaging();

        builder.Services.AddSingleton<PublicUrl>();
        builder.Services.AddSingleton<PaymentRenderer>();
        builder.Services.AddSingleton<PaymentStore>();
        builder.Services.AddSingleton<PaymentFactory>();
        builder.Services.AddSingleton<AddressIndexes>();
        builder.Services.AddSingleton<Idempotency>();
        builder.Services.AddSingleton<StoredAnswers>();
        builder.Services.AddSingleton<MerchantDirectory>();
        builder.Services.AddRails(builder.Configuration);
        builder.Services.AddHostedService<DemoMerchant>();
        builder.Services.AddLoop<EventSequencer>();
        builder.Services.AddLoop<OutboxRelay>();
        builder.Services.AddLoop<PruneIdempotencyKeys>();
        builder.Services.AddLoop<ScenarioPlayer>();

        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapCreatePayment();
        app.MapReadPayments();
        app.MapReadRails();
        app.MapSandbox();
        app.MapReadEvents();
        app.MapFeedEvents();
        app.MapLookUpApiKey();
        return app;
    }
}
