using Kobbopay.Contracts;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Evm;
using Kobbopay.ServiceDefaults.Identity;
using Npgsql;

namespace Kobbopay.Payments.Merchants;

/// <summary>
/// The merchant of a developer's machine: made at start from <c>Demo:MerchantId</c> and <c>Demo:ApiKey</c>, and only in
/// the Development environment. The AppHost makes and keeps the values; only the key's hash is stored here. Its
/// payments on test networks are paid to <c>Demo:Xpub</c>, where that is given.
/// </summary>
public sealed class DemoMerchant(
    NpgsqlDataSource database,
    IConfiguration configuration,
    IHostEnvironment host,
    RailCatalog rails,
    TimeProvider clock) : IHostedService
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
        if (configuration["Demo:Xpub"] is { Length: > 0 } xpub)
            await UseXpubAsync(merchant, environment, xpub, cancellationToken);
    }

    private async Task UseXpubAsync(
        Guid merchant, string environment, string text, CancellationToken cancellation)
    {
        if (ExtendedPublicKey.TryParse(text, out var xpub) != XpubError.None)
            throw new InvalidOperationException("Demo:Xpub is no extended public key");
        await using var command = database.CreateCommand(
            """
            with xpub as (
              insert into xpubs (fingerprint, xpub, merchant_id, environment, created_at) values ($1, $2, $3, $4, $5)
              on conflict do nothing)
            insert into merchant_xpubs (merchant_id, environment, network, fingerprint, confirmed_at)
            select $3, $4, n, $1, $5 from unnest($6) n
            on conflict do nothing
            """);
        command.Parameters.AddText(xpub!.Fingerprint);
        command.Parameters.AddText(text);
        command.Parameters.AddId(merchant);
        command.Parameters.AddText(environment);
        command.Parameters.AddTime(clock.Now());
        command.Parameters.AddTexts(
        [
            .. rails.All.Where(rail => rail.NeedsXpub && rail.Environment == environment).Select(rail => rail.Network),
        ]);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
