using Kobbopay.Durability;
using Kobbopay.Payments.AccessRequests;
using Kobbopay.Payments.Audit;
using Kobbopay.Payments.Events;
using Kobbopay.Payments.Exceptions;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Merchants.ApiKeys;
using Kobbopay.Payments.Merchants.Claims;
using Kobbopay.Payments.Merchants.Operators;
using Kobbopay.Payments.Merchants.Settings;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Reports;
using Kobbopay.Payments.Sandbox;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;

namespace Kobbopay.Payments;

/// <summary>
/// Payments and their lifecycle, the merchants they belong to, the rails they arrive on, and their events.
/// </summary>
public static class Program
{
    /// <summary>
    /// Its disks are flash and its indexes in memory: going to a merchant's own rows one by one costs less than walking
    /// through everybody's in order, which the planner's default takes for the cheaper way.
    /// </summary>
    private const string OwnIndexes = "-c random_page_cost=1.1";

    public static Task Main(string[] args) => Build(args).RunAsync();

    /// <param name="clock">The tests' clock; the system's when null.</param>
    public static WebApplication Build(string[] args, TimeProvider? clock = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddServiceDefaults();
        builder.AddDatabase(ResourceNames.PaymentsDatabase, OwnIndexes);
        builder.MigrateAtStart(ResourceNames.PaymentsDatabase, typeof(Program).Assembly);
        builder.AddEvents();
        builder.AddPaymentsMessaging();
        builder.AddApiDescription(
            PaymentsJson.Relaxed, EventsJson.Default, ExceptionsJson.Default, RailsJson.Default, SandboxJson.Default,
            AccessRequestsJson.Default, ApiKeysJson.Default, AccountJson.Default, OperatorsJson.Default,
            ClaimsJson.Default, AuditJson.Relaxed);

        builder.Services.AddSingleton<PublicUrl>();
        builder.Services.AddSingleton<PaymentRenderer>();
        builder.Services.AddSingleton<CreationBatches>();
        builder.Services.AddSingleton<PaymentReads>();
        builder.Services.AddSingleton<SharedReads>();
        builder.Services.AddSingleton<SharedCommits>();
        builder.Services.AddSingleton<PaymentStore>();
        builder.Services.AddSingleton<PaymentExceptions>();
        builder.Services.AddServiceClient(WebhookUrls.HttpClientName, ResourceNames.Webhooks);
        builder.Services.AddSingleton<WebhookUrls>();
        builder.Services.AddSingleton<PaymentFactory>();
        builder.Services.AddSingleton<AddressIndexes>();
        builder.Services.AddIdempotency();
        builder.Services.AddSingleton<MerchantDirectory>();
        builder.Services.AddSingleton<AuditTrail>();
        builder.Services.AddLoop<ChainAuditLog>();
        builder.Services.AddLoop<ExportAuditHead>();
        builder.Services.AddSingleton<AccessRequestStore>();
        builder.Services.AddSingleton<MerchantChange>();
        builder.Services.AddSingleton<ChangeSettings>();
        builder.Services.AddSingleton<ClaimLinks>();
        builder.Services.AddSingleton<OpenClaim>();
        builder.Services.AddSingleton<ClaimedXpubs>();
        builder.Services.AddSingleton<ClaimMaterials>();
        builder.Services.AddSingleton<ReportSlots>();
        builder.Services.AddRails(builder.Configuration);
        builder.Services.AddHostedService<DemoMerchant>();
        builder.Services.AddLoop<PruneIdempotencyKeys>();
        builder.Services.AddLoop<PruneOperatorsAnswers>();
        builder.Services.AddLoop<ScenarioPlayer>();

        var app = builder.Build();
        app.UseServiceDefaults();
        app.MapApiDescription();
        app.MapCreatePayment();
        app.MapCancelPayment();
        app.MapResolvePayment();
        app.MapReadExceptions();
        app.MapCloseException();
        app.MapReadPayments();
        app.MapListPayments();
        app.MapReadTransfers();
        app.MapReadTimeline();
        app.MapReadUnmatchedTransfers();
        app.MapPaymentsReport();
        app.MapReadRails();
        app.MapSandbox();
        app.MapReadEvents();
        app.MapFeedEvents();
        app.MapSubmitAccessRequest();
        app.MapReadAccessRequests();
        app.MapDecideAccessRequest();
        app.MapApproveAccessRequest();
        app.MapAccessRequestPages();
        app.MapReadMerchants();
        app.MapChangeMerchantStatus();
        app.MapWaiveCertification();
        app.MapGrantEnvironment();
        app.MapPatchMerchantSettings();
        app.MapIssueClaim();
        app.MapClaimPages();
        ClaimMaterials.Map(app);
        app.MapAccount();
        app.MapCreateApiKey();
        app.MapReadApiKeys();
        app.MapRollApiKey();
        app.MapRevokeApiKey();
        app.MapReadAuditLog();
        app.MapLookUpApiKey();
        return app;
    }
}
