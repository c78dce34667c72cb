using Kobbopay.Durability;
using Kobbopay.Payments;
using Kobbopay.Payments.Events;
using Kobbopay.Payments.Merchants;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Data;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddDatabase(ResourceNames.PaymentsDatabase);
builder.Services.AddHostedService(services => ActivatorUtilities.CreateInstance<MigrateAtStart>(
    services, builder.Configuration.GetConnectionString(ResourceNames.PaymentsDatabase)!, typeof(Program).Assembly));
builder.AddMessaging();

builder.Services.AddSingleton<PublicUrl>();
builder.Services.AddSingleton<PaymentRenderer>();
builder.Services.AddSingleton<PaymentStore>();
builder.Services.AddSingleton<PaymentFactory>();
builder.Services.AddSingleton<AddressIndexes>();
builder.Services.AddSingleton<Idempotency>();
builder.Services.AddSingleton<MerchantDirectory>();
builder.Services.AddSingleton<RailCatalog>();
builder.Services.AddHostedService<DemoMerchant>();
builder.Services.AddLoop<EventSequencer>();
builder.Services.AddLoop<OutboxRelay>();
builder.Services.AddLoop<PruneIdempotencyKeys>();

var app = builder.Build();
app.UseServiceDefaults();
app.MapCreatePayment();
app.MapReadPayments();
app.MapReadEvents();
app.MapFeedEvents();
app.MapLookUpApiKey();
app.Run();
