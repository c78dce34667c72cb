using Kobbopay.Contracts;
using Kobbopay.Webhooks.Endpoints;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>
/// Deliveries that lie due in a Webhooks database all at once: events of one merchant, each for all of its endpoints,
/// and each endpoint a path of its own at the receiver.
/// </summary>
internal sealed class Backlog(NpgsqlDataSource sql, Guid merchant)
{
    /// <summary>What endpoints' secrets are sealed with in tests, as the key <c>k1</c>.</summary>
    public static readonly string VaultKey = new('v', 43);

    private static readonly SecretVault Vault = new(new ConfigurationBuilder()
        .AddInMemoryCollection([new("Secrets:CurrentKey", "k1"), new("Secrets:Keys:k1", VaultKey)]).Build());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>That of a merchant that nobody else knows.</summary>
    public Backlog(NpgsqlDataSource sql)
        : this(sql, Id.New(TimeProvider.System))
    {
    }

    public async Task AddEndpointsAsync(Uri receiver, int count, int? rateLimit = null)
    {
        Guid[] ids = [.. Enumerable.Range(0, count).Select(_ => Id.New(TimeProvider.System))];
        var secret = "whsec_" + Convert.ToBase64String(new byte[32]);
        await using var command = sql.CreateCommand(
            """
            with endpoint as (
              insert into webhook_endpoints
                (id, merchant_id, environment, url, origin, events, ordering, body_signature, rate_limit, created_at)
              select id, $1, 'test', $2 || '/' || id, $2, '{*}', 'none', true, $3, now() from unnest($4) id)
            insert into webhook_secrets (endpoint_id, key_id, sealed) select id, 'k1', sealed from unnest($4, $5)
              as s (id, sealed)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchant });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = receiver.GetLeftPart(UriPartial.Authority) });
        command.Parameters.Add(new NpgsqlParameter<int?> { TypedValue = rateLimit });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        command.Parameters.Add(new NpgsqlParameter<byte[][]>
        {
            TypedValue = [.. ids.Select(id => Vault.Seal(id, secret).Bytes)],
        });
        await command.ExecuteNonQueryAsync(Token);
    }

    public async Task AddEventsAsync(int count)
    {
        await using var command = sql.CreateCommand(
            """
            with event as (
              insert into webhook_events (id, merchant_id, environment, type, body, created_at)
              select new.id, $1, 'test', 'payment.created', convert_to(format(
                '{"id": "%s",  "type":"payment.created", "filler": "%s" }', new.id, repeat('ü', 300)), 'UTF8'), now()
              from (select new_id(now()) as id from generate_series(1, $2)) new
              returning id),
            delivery as (
              insert into deliveries
                (id, merchant_id, environment, endpoint_id, event_id, event_type, status, created_at)
              select new_id(now()), $1, 'test', w.id, event.id, 'payment.created', 'pending', now()
              from event cross join webhook_endpoints w where w.merchant_id = $1
              returning id, endpoint_id, event_id)
            insert into delivery_queue (delivery_id, endpoint_id, event_id, due_at)
            select id, endpoint_id, event_id, now() from delivery
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchant });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = count });
        await command.ExecuteNonQueryAsync(Token);
    }
}
