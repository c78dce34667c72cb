using Kobbopay.Client;
using Kobbopay.Contracts;
using Npgsql;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>The endpoint that a newcomer's demo merchant has from the start: Development only, and only when
/// configured.</summary>
public sealed record DemoEndpoint(Guid MerchantId, string Url, string Secret)
{
    /// <exception cref="InvalidOperationException">Configured, and wrongly.</exception>
    public static DemoEndpoint? From(IConfiguration configuration)
    {
        var url = configuration["Demo:WebhookUrl"];
        if (string.IsNullOrEmpty(url))
            return null;
        var secret = configuration["Demo:WebhookSecret"];
        if (!Id.TryParse(Id.Merchant, configuration["Demo:MerchantId"], out var merchant)
            || secret is null || !WebhookSecret.IsWellFormed(secret))
        {
            throw new InvalidOperationException(
                "Demo:WebhookUrl needs Demo:MerchantId (mer_...) and Demo:WebhookSecret (whsec_...)");
        }

        return new DemoEndpoint(merchant, url, secret);
    }
}

/// <summary>Writes the demo endpoint after the migrations; a restart with another URL or secret replaces
/// them.</summary>
public sealed class CreateDemoEndpoint(
    DemoEndpoint demo, NpgsqlDataSource database, SecretVault vault, TimeProvider clock)
    : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // One demo endpoint per demo merchant: it borrows the merchant's number, so that a restart finds it again.
        var endpoint = new EndpointRow(
            demo.MerchantId, demo.MerchantId, MerchantEnvironments.Test, demo.Url, [EventPatterns.Everything], "Demo",
            EndpointOrdering.None, BodySignature: true, RateLimit: null, HeaderNames: [], clock.GetUtcNow());
        await using var batch = database.CreateBatch();
        endpoint.Insert(batch, vault.Seal(endpoint.Id, demo.Secret), headers: null);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
