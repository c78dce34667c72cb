using System.Text.Json;
using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// The whole of a creation in one statement, so in one round trip and one commit: idempotency key, order claim,
/// payment, timeline and event are written together or not at all. It inserts nothing when the key has been used, the
/// order is claimed, or what the payment was drafted with (settings, its chain's delay) has changed; only a race of two
/// equal keys between replicas ends in a unique violation, which undoes all of it.
/// </summary>
internal static class CreatePaymentStatement
{
    private const string Sql = """
        with fresh_key as (
          select 1 from merchant_settings s where s.merchant_id = $6 and s.environment = $7 and s.version = $36
            and $38 = coalesce((select c.delayed from chains c where c.chain = $17), false)
            and ($1::text is null or not exists (
              select from idempotency_keys where merchant_id = $6 and environment = $7 and route = $2 and key = $1))),
        claim as (
          insert into order_claims (merchant_id, environment, order_id, payment_id)
          select $6, $7, $8, $5 from fresh_key where $9
          on conflict do nothing
          returning 1),
        go as (select 1 from fresh_key where not $9 or exists (select from claim)),
        idempotency as (
          insert into idempotency_keys
            (merchant_id, environment, route, key, fingerprint, status, location, body, created_at)
          select $6, $7, $2, $1, $3, 201, $10, $4, $31 from go where $1 is not null),
        payment as (
          insert into payments
            (id, merchant_id, environment, status, outcome, version, amount, tolerance, required_confirmations,
             late_window, currency, network, chain, contract, decimals, order_id, description, metadata, return_url,
             webhook_url, deposit_address, address_path, xpub_fingerprint, payment_uri, public_token, created_at,
             expires_at, review, delayed)
          select $5, $6, $7, 'Pending', 'none', 1, $11, $12, $13, $14, $15, $16, $17, $18, $19, $8, $20, $21, $22, $23,
            $24, $25, $26, $27, $28, $31, $29, $37, $38 from go),
        timeline as (
          insert into payment_timeline (payment_id, version, type, to_status, at)
          select $5, 1, $30, 'Pending', $31 from go),
        event as (
          insert into pending_events
            (id, merchant_id, environment, type, payment_id, order_id, version, status, created_at, snapshot,
             public_view, webhook_url, traceparent)
          select $32, $6, $7, $30, $5, $8, 1, 'Pending', $31, $33, $34, $23, $35 from go),
        scenario as (
          insert into sandbox_scenarios (payment_id, merchant_id, environment, name, due_at, step_since, traceparent)
          select $5, $6, $7, $39, $31, $31, $35 from go where $39 is not null)
        select exists (select from go)
        """;

    public static NpgsqlCommand Of(
        NpgsqlDataSource database,
        PendingEvent created,
        PaymentDraft draft,
        IdempotencyClaim? idempotency,
        string location)
    {
        var details = created.Details;
        var terms = created.Happened.After.Terms;
        var command = database.CreateCommand(Sql);
        var p = command.Parameters;
        p.AddText(idempotency?.Key);
        p.AddText(idempotency?.Route);
        p.AddBytes(idempotency?.Fingerprint);
        // The answer of a creation is the snapshot of its event: the same bytes.
        p.AddBytes(created.Snapshot);
        p.AddId(details.Id);
        p.AddId(details.MerchantId);
        p.AddText(details.Environment);
        p.AddText(details.OrderId);
        p.AddFlag(draft.Merchant.OneOpenPaymentPerOrder);
        p.AddText(location);
        p.AddUnits(terms.Amount);
        p.AddUnits(terms.Tolerance);
        p.AddInteger(terms.RequiredConfirmations);
        p.AddInterval(terms.LateWindow);
        p.AddText(details.Currency);
        p.AddText(details.Network);
        p.AddText(details.Chain);
        p.AddText(details.Contract);
        p.AddInteger(details.Decimals);
        p.AddText(details.Description);
        p.AddJson(JsonSerializer.SerializeToUtf8Bytes(
            details.Metadata, PaymentsJson.Relaxed.IReadOnlyDictionaryStringString));
        p.AddText(details.ReturnUrl);
        p.AddText(details.WebhookUrl);
        p.AddText(details.DepositAddress);
        p.AddText(details.AddressPath);
        p.AddText(details.XpubFingerprint);
        p.AddText(details.PaymentUri);
        p.AddText(details.PublicToken);
        p.AddTime(terms.ExpiresAt);
        p.AddText(PaymentEventTypes.Created);
        p.AddTime(terms.CreatedAt);
        p.AddId(created.Id);
        p.AddBytes(created.Snapshot);
        p.AddBytes(created.PublicView);
        p.AddText(created.TraceParent);
        p.AddInteger(draft.Merchant.Version);
        p.Add(new NpgsqlParameter<string[]> { TypedValue = PaymentRows.NamesOf(terms.Review) });
        p.AddFlag(draft.Delayed);
        p.AddText(draft.Scenario);
        return command;
    }
}
