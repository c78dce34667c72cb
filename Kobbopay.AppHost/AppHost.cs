using Kobbopay.AppHost;
using Kobbopay.LocalServers;
using Kobbopay.ServiceDefaults;

// The whole system on one screen. Built with Aspire, or with its stand-in in Local/ where Aspire is absent.
var builder = DistributedApplication.CreateBuilder(args);
builder.AddDockerComposeEnvironment("compose");

var postgres = builder.AddPostgres(ResourceNames.Postgres).WithDataVolume();
var paymentsDatabase = postgres.AddDatabase(ResourceNames.PaymentsDatabase);
var webhooksDatabase = postgres.AddDatabase(ResourceNames.WebhooksDatabase);
var publicStatusDatabase = postgres.AddDatabase(ResourceNames.PublicStatusDatabase);
var messaging = builder.AddRabbitMQ(ResourceNames.Messaging).WithManagementPlugin();

// One key for each pair of caller and called, so that a service can mint nothing for another.
var gatewayPaymentsKey = Secret("gatewaypaymentskey");
var gatewayWebhooksKey = Secret("gatewaywebhookskey");
var gatewayPublicStatusKey = Secret("gatewaypublicstatuskey");
var webhooksPaymentsKey = Secret("webhookspaymentskey");
var paymentsWebhooksKey = Secret("paymentswebhookskey");
var publicStatusPaymentsKey = Secret("publicstatuspaymentskey");
var webhookSecretsKey = Secret("webhooksecretskey");

var payments = builder.AddProject<Projects.Kobbopay_Payments>(ResourceNames.Payments)
    .WithReference(paymentsDatabase).WaitFor(paymentsDatabase)
    .WithReference(messaging).WaitFor(messaging)
    .WithEnvironment("Identity__Accept__gateway__0", gatewayPaymentsKey)
    .WithEnvironment("Identity__Accept__webhooks__0", webhooksPaymentsKey)
    .WithEnvironment("Identity__Accept__publicstatus__0", publicStatusPaymentsKey)
    .WithHttpHealthCheck("/health", endpointName: "http");

var webhooks = builder.AddProject<Projects.Kobbopay_Webhooks>(ResourceNames.Webhooks)
    .WithReference(webhooksDatabase).WaitFor(webhooksDatabase)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(payments).WaitFor(payments)
    .WithEnvironment("Identity__Accept__gateway__0", gatewayWebhooksKey)
    .WithEnvironment("Identity__Accept__payments__0", paymentsWebhooksKey)
    .WithEnvironment("Identity__Issue__payments", webhooksPaymentsKey)
    .WithEnvironment("Secrets__CurrentKey", "k1")
    .WithEnvironment("Secrets__Keys__k1", webhookSecretsKey)
    .WithHttpHealthCheck("/health", endpointName: "http");

// Asked for a payment's own webhookUrl only, so Payments does not wait for it.
payments
    .WithReference(webhooks)
    .WithEnvironment("Identity__Issue__webhooks", paymentsWebhooksKey);

var publicStatus = builder.AddProject<Projects.Kobbopay_PublicStatus>(ResourceNames.PublicStatus)
    .WithReference(publicStatusDatabase).WaitFor(publicStatusDatabase)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(payments).WaitFor(payments)
    .WithEnvironment("Identity__Accept__gateway__0", gatewayPublicStatusKey)
    .WithEnvironment("Identity__Issue__payments", publicStatusPaymentsKey)
    .WithHttpHealthCheck("/health", endpointName: "http");

var gateway = builder.AddProject<Projects.Kobbopay_Gateway>(ResourceNames.Gateway)
    .WithReference(messaging).WaitFor(messaging)
    .WithReference(payments).WaitFor(payments)
    .WithReference(webhooks).WaitFor(webhooks)
    .WithReference(publicStatus).WaitFor(publicStatus)
    .WithEnvironment("Identity__Issue__payments", gatewayPaymentsKey)
    .WithEnvironment("Identity__Issue__webhooks", gatewayWebhooksKey)
    .WithEnvironment("Identity__Issue__publicstatus", gatewayPublicStatusKey)
    .WithExternalHttpEndpoints()
    .WithHttpHealthCheck("/health", endpointName: "http");

if (builder.ExecutionContext.IsRunMode)
{
    var demo = DemoShop.Keep(builder.AppHostDirectory);
    var demoApiKey = builder.AddParameter("demoapikey", demo.ApiKey, secret: true);
    var demoWebhookSecret = builder.AddParameter("demowebhooksecret", demo.WebhookSecret, secret: true);
    gateway
        .WithEndpoint("http", endpoint => endpoint.Port = demo.Port)
        // An address's limits keep strangers from flooding and guessing; here every caller is this one machine, and
        // whoever tries out the pages of access would wait an hour after the fifth request.
        .WithEnvironment("Limits__AccessRequestsPerHour", "1000")
        .WithEnvironment("Limits__ClaimsPerMinute", "1000")
        .WithEnvironment("Operators__Keys__demo", demo.OperatorKeyHash);
    payments
        .WithEnvironment("PublicUrl", gateway.GetEndpoint("http"))
        .WithEnvironment("Simulator__BlockInterval", "00:00:03")
        .WithEnvironment("Demo__MerchantId", DemoShop.MerchantId)
        .WithEnvironment("Demo__ApiKey", demoApiKey)
        .WithEnvironment("Demo__Xpub", DevEvm.DemoXpub);
    webhooks
        .WithEnvironment("Demo__MerchantId", DemoShop.MerchantId)
        .WithEnvironment("Demo__WebhookUrl", DemoShop.WebhookUrl)
        .WithEnvironment("Demo__WebhookSecret", demoWebhookSecret)
        .WithEnvironment("Egress__AllowedCidrs__0", "127.0.0.0/8");

    // A chain of the developer's own, where its program is installed (scripts/install.sh anvil).
    var folder = DemoShop.FolderOf(builder.AppHostDirectory);
    if (demo.EvmPort is { } evmPort)
    {
        var chain = DevEvm.SettingsIn(folder);
        var anvil = builder
            .AddExecutable(ResourceNames.Anvil, AnvilSettings.Program, chain.Folder, chain.ArgumentsFor(evmPort))
            .WithHttpEndpoint(port: evmPort, targetPort: evmPort, name: "http", isProxied: false)
            .OnResourceReady((_, _, cancellation) => DevEvm.PrepareAsync(demo.EvmUrl!, cancellation));
        payments.WithEnvironment(DevEvm.RpcVariable, anvil.GetEndpoint("http"));
    }

    foreach (var (name, value) in DevEvm.VariablesFor(folder, hasNode: demo.EvmPort is not null))
        payments.WithEnvironment(name, value);
}
else
{
    payments.WithEnvironment("PublicUrl", builder.AddParameter("publicurl"));
}

await builder.Build().RunAsync();

// A secret needs a value of its own at the first run: generated, and kept from then on.
IResourceBuilder<ParameterResource> Secret(string name) => builder.AddParameter(
    name, new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: true);
