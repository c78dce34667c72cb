using Kobbopay.Durability;
using Kobbopay.PublicStatus.Page;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Data;

namespace Kobbopay.PublicStatus;

/// <summary>The whole service: a read model by public token, its JSON and its page.</summary>
public static class PublicStatusService
{
    /// <param name="clock">The tests' clock; the system's when null.</param>
    public static WebApplication Build(string[] args, TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddServiceDefaults();
        builder.AddDatabase(ResourceNames.PublicStatusDatabase);
        builder.MigrateAtStart(ResourceNames.PublicStatusDatabase, typeof(PublicStatusService).Assembly);

        builder.Services.AddPaymentsClient();
        builder.Services.AddSingleton<ViewTable>();
        builder.Services.AddSingleton<PaymentsReader>();
        builder.Services.AddSingleton<PublicViews>();
        builder.Services.AddInbox<PaymentChangedConsumer>();
        builder.Services.AddPaymentProgressed();
        builder.AddMessaging(
            bus =>
            {
                bus.AddConsumer<InboxConsumer>();
                bus.AddConsumer<PaymentProgressedConsumer>();
            },
            (context, rabbit) =>
            {
                rabbit.AddInboxQueue(context, "publicstatus");
                rabbit.AddPaymentProgressedQueue(context, "publicstatus-progress");
            });

        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapReadStatus();
        app.MapPayPage();
        return app;
    }
}
