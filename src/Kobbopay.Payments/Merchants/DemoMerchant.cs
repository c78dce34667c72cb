using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments.Merchants;

/// <summary>
/// The merchant of a developer's machine: made at start from <c>Demo:MerchantId</c> and <c>Demo:ApiKey</c>, and only in
/// the Development environment. The AppHost makes and keeps the values; only the key's hash is stored here.
/// </summary>
public sealed class DemoMerchant(
    NpgsqlDataSource database, IConfiguration configuration, IHostEnvironment host, TimeProvider clock) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!host.IsDevelopment() || configuration["Demo:ApiKey"] is not { Length: > 0 } key)
            return;
        if (!Id.TryParse(Id.Merchant, configuration["Demo:MerchantId"], out var merchant)
            || !ApiKey.IsWellFormed(key, out var environment))
            throw new InvalidOperationException("Demo:MerchantId or Demo:ApiKey is malformed");

        await using var command = database.CreateCommand(
            """
            with merchant as (
              insert into merchants (id, display_name) values ($1, 'Demo Shop') on conflict do nothing),
            settings as (
              insert into merchant_settings (merchant_id, environment) values ($1, $2) on conflict do nothing)
            insert into api_keys (id, merchant_id, environment, hash, prefix, last4, label, scopes)
            values ($3, $1, $2, $4, $5, $6, 'Demo key', $7)
            on conflict (hash) do nothing
            """);
        command.Parameters.AddId(merchant);
        command.Parameters.AddText(environment);
        command.Parameters.AddId(Id.New(clock));
        command.Parameters.AddText(ApiKey.Hash(key));
        command.Parameters.AddText(key[..8]);
        command.Parameters.AddText(key[^4..]);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. Scopes.All] });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
