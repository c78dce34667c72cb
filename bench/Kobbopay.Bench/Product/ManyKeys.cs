using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.Bench.Product;

/// <summary>API keys of the demo merchant besides its own.</summary>
internal static class ManyKeys
{
    private const int Count = 100_000;

    public static async Task AddAsync(Workbench bench, ProductProcesses product, CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(
            bench.Servers.Postgres.ConnectionStringOf(ResourceNames.PaymentsDatabase));
        await using var command = source.CreateCommand("""
            insert into api_keys (id, merchant_id, environment, hash, prefix, last4, label, scopes)
            select gen_random_uuid(), $1, 'test', encode(sha256(i::text::bytea), 'hex'), 'kp_test_', '0000', 'many',
              '{payments:read}'
            from generate_series(1, $2) i
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = product.Configuration.Merchant });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = Count });
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
