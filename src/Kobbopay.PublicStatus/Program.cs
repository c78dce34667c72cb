using Kobbopay.Durability;
using Kobbopay.PublicStatus.Page;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.PublicStatus;

/// <summary>The whole service: a read model by public token, its JSON and its page.</summary>
public static class Program
{
    private const string ProgressQueue = $"{ResourceNames.PublicStatus}-progress";

    public static Task Main(string[] args) => Build(args).RunAsync();

    /// <param name="clock">The tests' clock; the system's when null.</param>
    public static WebApplication Build(string[] args, TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddServiceDefaults();
        builder.AddDatabase(ResourceNames.PublicStatusDatabase);
        builder.MigrateAtStart(ResourceNames.PublicStatusDatabase, typeof(Program).Assembly);
        builder.AddApiDescription(PublicStatusJson.Default);

        builder.Services.AddServiceClient(FeedHealer.HttpClientName, ResourceNames.Payments);
        builder.Services.AddSingleton<ViewTable>();
        builder.Services.AddSingleton<PaymentsReader>();
        builder.Services.AddSingleton<PublicViews>();
        builder.Services.AddSingleton<ViewWatchers>();
        builder.Services.AddLoop<ViewNotices>();
        builder.Services.AddInbox<PaymentChangedConsumer>();
        builder.Services.AddPaymentProgressed();
        // The bus has a health check of its own for the broker.
        builder.AddRabbitMQClient(ResourceNames.Messaging, client => client.DisableHealthChecks = true);
        builder.Services.AddQueueProbe(ResourceNames.PublicStatus, ProgressQueue);
        builder.AddMessaging(
            bus =>
            {
                bus.AddConsumer<InboxConsumer>();
                bus.AddConsumer<PaymentProgressedConsumer>();
            },
            (context, rabbit) =>
            {
                rabbit.AddInboxQueue(context, ResourceNames.PublicStatus);
                rabbit.AddPaymentProgressedQueue(context, ProgressQueue);
            });

        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapApiDescription();
        app.MapReadStatus();
        app.MapStreamStatus();
        app.MapPayPage();
        return app;
    }
}
