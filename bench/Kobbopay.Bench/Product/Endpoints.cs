using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Product;

/// <summary>
/// More endpoints of the demo merchant, for every event, written into the Webhooks service's database; all have the
/// receiver's secret.
/// </summary>
internal sealed class Endpoints(Workbench bench, ProductProcesses product)
{
    public async Task<Guid[]> AddAsync(IEnumerable<Uri> urls, CancellationToken cancellation)
    {
        var vault = product.Configuration.Vault();
        var added = urls.Select(url => new { Id = Id.New(TimeProvider.System), Url = url })
            .Select(one => new { one.Id, one.Url, Secret = vault.Seal(one.Id, bench.Secret) })
            .ToArray();
        await using var source = product.Open(ResourceNames.WebhooksDatabase);
        await using var command = source.CreateCommand(
            """
            with endpoint as (
              insert into webhook_endpoints
                (id, merchant_id, environment, url, origin, events, ordering, body_signature, created_at)
              select e.id, $1, $2, e.url, e.origin, '{*}', 'none', true, now()
              from unnest($3::uuid[], $4::text[], $5::text[]) as e (id, url, origin))
            insert into webhook_secrets (endpoint_id, key_id, sealed)
            select s.id, s.key_id, s.sealed from unnest($3::uuid[], $6::text[], $7::bytea[]) as s (id, key_id, sealed)
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = product.Configuration.Merchant });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = MerchantEnvironments.Test });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = [.. added.Select(one => one.Id)] });
        command.Parameters.Add(new NpgsqlParameter<string[]>
        {
            TypedValue = [.. added.Select(one => one.Url.AbsoluteUri)],
        });
        command.Parameters.Add(new NpgsqlParameter<string[]>
        {
            TypedValue = [.. added.Select(one => one.Url.GetLeftPart(UriPartial.Authority))],
        });
        command.Parameters.Add(new NpgsqlParameter<string[]>
        {
            TypedValue = [.. added.Select(one => one.Secret.KeyId)],
        });
        command.Parameters.Add(new NpgsqlParameter<byte[][]>
        {
            TypedValue = [.. added.Select(one => one.Secret.Bytes)],
        });
        await command.ExecuteNonQueryAsync(cancellation);
        return [.. added.Select(one => one.Id)];
    }
}
