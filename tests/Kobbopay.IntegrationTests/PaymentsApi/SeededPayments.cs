using Npgsql;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>
/// Tens of thousands of payments of thirty merchants, so that the planner has a choice: almost all are confirmed, and
/// each filter has something rare to look for. Their blocks are long past, so that no scan has to do with them.
/// </summary>
internal static class SeededPayments
{
    /// <summary>The partition that all of their events are in: the week of 1 January 2026.</summary>
    public const string EventsTable = "events_2025_12_29";

    public static async Task AddAsync(NpgsqlDataSource database, Guid merchantId, string chain)
    {
        await using (var week = database.CreateCommand("select add_events_partition('2026-01-01 00:00:00Z')"))
            await week.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        foreach (var sql in new[]
        {
            """
            insert into payments
              (id, merchant_id, environment, status, outcome, version, amount, tolerance, required_confirmations,
               late_window, currency, network, chain, decimals, order_id, metadata, deposit_address, address_path,
               payment_uri, public_token, created_at, expires_at, confirmed_at, received, final, transfer_count,
               xpub_fingerprint)
            select s.id, case n % 30 when 0 then $1 else lpad((n % 30)::text, 32, '0')::uuid end, 'test',
              s.status, case s.status when 'Confirmed' then s.paid else 'none' end, 2, 10, 0, 3, '60 minutes',
              case when n % 6000 = 0 then 'DAI' else 'USDT' end, 'example-network', $2, 6, 'order-' || n,
              case when n % 2 = 0 then jsonb_build_object('customer', 'c-' || n / 30) else '{}' end,
              'address-' || n, '0/' || n, 'uri', 'token-' || n, s.time, s.time + interval '1 hour',
              case s.status when 'Confirmed' then s.time + interval '1 minute' end, s.received, s.received,
              s.received::int / 10, case when n % 7 = 0 then 'of-an-xpub' end
            from (
              select n, timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second' as time,
                (lpad(to_hex((extract(epoch from timestamptz '2026-01-01 00:00:00Z') * 1000)::bigint + n * 1000), 12,
                  '0') || '70008000' || lpad(to_hex(n), 12, '0'))::uuid as id,
                case when n % 3000 = 0 then 'Canceled' when n % 90 = 0 then 'Pending' else 'Confirmed' end as status,
                case when n % 3003 = 0 then 'over' else 'exact' end as paid,
                case when n % 90 = 0 then 0 else 10 end as received
              from generate_series(1, 30000) n) s
            """,
            """
            insert into transfers
              (id, payment_id, chain, tx_hash, contract, recipient, ordinal, amount, block_number, block_hash,
               log_index, block_time, first_block_time, seen_at)
            select id, id, chain, 'tx-' || id, '', deposit_address, 0, 10, -1000, 'hash', 0, created_at, created_at,
              created_at
            from payments where received > 0 and public_token like 'token-%' and ($1::uuid, $2::text) is not null
            """,
            """
            insert into payment_timeline (payment_id, version, type, to_status, at)
            select id, v, 'payment.created', 'Pending', created_at from payments, generate_series(1, 2) v
            where public_token like 'token-%' and ($1::uuid, $2::text) is not null
            """,
            """
            insert into unmatched_transfers
              (id, payment_id, merchant_id, environment, network, chain, reason, tx_hash, contract, recipient, ordinal,
               amount, block_number, block_hash, log_index, block_time, seen_at)
            select id, id, merchant_id, 'test', network, chain, 'wrong_token', 'tx-' || id, 'c', deposit_address, 0, 1,
              -1000, 'hash', 0, created_at, created_at
            from payments where public_token like 'token-%' and ($1::uuid, $2::text) is not null
            """,
            """
            insert into events
              (id, merchant_id, environment, sequence, type, payment_id, version, created_at, body, public_view)
            select id, merchant_id, environment, 1000000 + row_number() over (partition by merchant_id order by id),
              'payment.created', id, 1, created_at, '{}', '{}'
            from payments where public_token like 'token-%' and ($1::uuid, $2::text) is not null
            """,
        })
        {
            await using var command = database.CreateCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = merchantId });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = chain });
            (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).Should().BePositive();
        }

        await using var analyze = database.CreateCommand("vacuum analyze");
        await analyze.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
