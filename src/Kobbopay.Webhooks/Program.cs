using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Kobbopay.Webhooks.Certification;
using Kobbopay.Webhooks.Deliveries;
using Kobbopay.Webhooks.Endpoints;
using Kobbopay.Webhooks.Tools;

namespace Kobbopay.Webhooks;

/// <summary>The whole service: merchants' endpoints, and the delivery of every payment event to them.</summary>
public static class Program
{
    /// <summary>
    /// Each execution is planned for the tables as they are, since the queue is empty one moment and long the next. The
    /// few statements that run all the time name their keys so that one plan is right always, and keep it:
    /// <see cref="QueuePlans"/>.
    /// </summary>
    private const string PlanAnew = "-c plan_cache_mode=force_custom_plan";

    public static Task Main(string[] args) => Build(args).RunAsync();

    /// <param name="clock">The tests' clock; the system's when null.</param>
    public static WebApplication Build(string[] args, TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddServiceDefaults();
        builder.AddDatabase(ResourceNames.WebhooksDatabase, PlanAnew);
        builder.MigrateAtStart(ResourceNames.WebhooksDatabase, typeof(Program).Assembly);
        builder.AddApiDescription(WebhooksJson.Default);

        builder.Services.AddEndpointSecrets(builder.Configuration);
        builder.Services.AddSingleton(new EgressGuard(builder.Configuration, builder.Environment));
        if (builder.Environment.IsDevelopment() && DemoEndpoint.From(builder.Configuration) is { } demo)
        {
            builder.Services.AddHostedService(provider =>
                ActivatorUtilities.CreateInstance<CreateDemoEndpoint>(provider, demo));
        }

        builder.Services.AddServiceClient(FeedHealer.HttpClientName, ResourceNames.Payments);
        builder.Services.AddIdempotency();
        builder.Services.AddLoop<PruneIdempotencyKeys>();
        builder.Services.AddInbox<PaymentChangedConsumer>();
        // Before the first attempt is recorded, so that its partition is there.
        builder.Services.AddSingleton<AttemptPartitions>();
        builder.Services.AddLoop<KeepDeliveries>();
        builder.Services.AddDeliveries();
        builder.Services.AddSandboxClocks();
        builder.Services.AddTools();
        builder.Services.AddSingleton<RunsUnderWay>();
        builder.Services.AddLoop<ReplayWorker>();
        // The bus has a health check of its own for the broker.
        builder.AddRabbitMQClient(ResourceNames.Messaging, client => client.DisableHealthChecks = true);
        builder.Services.AddQueueProbe(ResourceNames.Webhooks, SandboxClockConsumer.Queue);
        builder.AddMessaging(
            bus =>
            {
                bus.AddConsumer<InboxConsumer>();
                bus.AddConsumer<SandboxClockConsumer>();
            },
            (context, rabbit) =>
            {
                rabbit.AddInboxQueue(context, ResourceNames.Webhooks);
                rabbit.AddSandboxClockQueue(context);
            });

        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapApiDescription();
        app.MapCreateEndpoint();
        app.MapReadEndpoints();
        app.MapDeleteEndpoint();
        app.MapCheckWebhookUrl();
        app.MapPutFirstEndpoint();
        app.MapPatchEndpoint();
        app.MapEnableEndpoint();
        app.MapRotateSecret();
        app.MapReadDeliveries();
        app.MapReadAttempts();
        app.MapExplainSignature();
        app.MapRedeliver();
        app.MapTestSend();
        app.MapReplays();
        app.MapCertifyReceiver();
        app.MapReadCertifications();
        return app;
    }
}
