using System.Text.Json;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>A payment that waits to be stored, and what became of it.</summary>
/// <param name="KeyId">The API key that asked for it.</param>
internal sealed record Creation(
    PendingEvent Created, PaymentDraft Draft, IdempotencyClaim? Claim, string Location, Guid KeyId)
{
    /// <summary>Known once its statement has been committed.</summary>
    public bool Inserted { get; set; }
}

/// <summary>
/// Some creations, whole, in one statement, so in one round trip and one commit: idempotency key, order claim, payment,
/// timeline and event of each are written together or not at all. A creation inserts nothing when its key has been
/// used, its order is claimed (by another of the same statement, too), or what it was drafted with (settings, its
/// chain's delay) has changed; only a race of two equal keys between replicas ends in a unique violation, which undoes
/// all of the statement. Claims, and after them keys, are inserted in their order, so that two statements never wait
/// for each other.
/// </summary>
internal static class CreatePaymentStatement
{
    // What a creation depends on is looked up by scalar subqueries, since a join could be planned as a walk through a
    // whole table for as long as that is thought to be small.
    private const string Sql = """
        with asked as materialized (
          select * from unnest(
            $1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bool[], $6::int[], $7::text[], $8::text[], $9::bytea[],
            $10::text[], $11::numeric[], $12::numeric[], $13::int[], $14::interval[], $15::text[], $16::text[],
            $17::text[], $18::text[], $19::int[], $20::text[], $21::text[], $22::text[], $23::text[], $24::text[],
            $25::text[], $26::text[], $27::text[], $28::text[], $29::timestamptz[], $30::timestamptz[], $31::text[],
            $32::bool[], $33::uuid[], $34::bytea[], $35::bytea[], $36::text[], $37::text[], $38::bool[], $40::uuid[])
            n (id, merchant_id, environment, order_id, one_open, settings_version, route, key, fingerprint, location,
               amount, tolerance, required_confirmations, late_window, currency, network, chain, contract, decimals,
               description, metadata, return_url, webhook_url, deposit_address, address_path, xpub_fingerprint,
               payment_uri, public_token, created_at, expires_at, review, delayed, event_id, snapshot, public_view,
               traceparent, scenario, needs_finality, key_id)),
        fresh as materialized (
          select * from asked n
          where n.settings_version = (
              select s.version from merchant_settings s
              where s.merchant_id = n.merchant_id and s.environment = n.environment)
            and n.delayed = coalesce((select c.delayed from chains c where c.chain = n.chain), false)
            and (
              select true from idempotency_keys k
              where k.merchant_id = n.merchant_id and k.environment = n.environment and k.route = n.route
                and k.key = n.key) is null),
        claim as (
          insert into order_claims (merchant_id, environment, order_id, payment_id)
          select merchant_id, environment, order_id, id from fresh where one_open
          order by merchant_id, environment, order_id
          on conflict do nothing
          returning payment_id),
        go as materialized (
          select * from fresh where not one_open or id in (select payment_id from claim)),
        idempotency as (
          insert into idempotency_keys
            (merchant_id, environment, route, key, fingerprint, status, location, body, created_at)
          select merchant_id, environment, route, key, fingerprint, 201, location, snapshot, created_at
          from go where key is not null
          order by merchant_id, environment, route, key),
        payment as (
          insert into payments
            (id, merchant_id, environment, status, outcome, version, amount, tolerance, required_confirmations,
             late_window, currency, network, chain, contract, decimals, order_id, description, metadata, return_url,
             webhook_url, deposit_address, address_path, xpub_fingerprint, payment_uri, public_token, created_at,
             expires_at, review, delayed, needs_finality)
          select id, merchant_id, environment, 'Pending', 'none', 1, amount, tolerance, required_confirmations,
            late_window, currency, network, chain, contract, decimals, order_id, description, metadata::jsonb,
            return_url, webhook_url, deposit_address, address_path, xpub_fingerprint, payment_uri, public_token,
            created_at, expires_at, review::text[], delayed, needs_finality
          from go),
        timeline as (
          insert into payment_timeline (payment_id, version, type, to_status, at)
          select id, 1, $39, 'Pending', created_at from go),
        event as (
          insert into pending_events
            (id, merchant_id, environment, type, payment_id, order_id, version, status, created_at, snapshot,
             public_view, webhook_url, traceparent, key_id)
          select event_id, merchant_id, environment, $39, id, order_id, 1, 'Pending', created_at, snapshot,
            public_view, webhook_url, traceparent, key_id
          from go),
        scenario as (
          insert into sandbox_scenarios (payment_id, merchant_id, environment, name, due_at, step_since, traceparent)
          select id, merchant_id, environment, scenario, created_at, created_at, traceparent
          from go where scenario is not null)
        select id from go
        """;

    public static NpgsqlCommand Of(NpgsqlDataSource database, List<Creation> creations)
    {
        var command = database.CreateCommand(Sql);
        var p = command.Parameters;
        p.AddArray(creations, c => c.Draft.Details.Id);
        p.AddArray(creations, c => c.Draft.Details.MerchantId);
        p.AddArray(creations, c => c.Draft.Details.Environment);
        p.AddArray(creations, c => c.Draft.Details.OrderId);
        p.AddArray(creations, c => c.Draft.Merchant.OneOpenPaymentPerOrder);
        p.AddArray(creations, c => c.Draft.Merchant.Version);
        p.AddArray(creations, c => c.Claim?.Route);
        p.AddArray(creations, c => c.Claim?.Key);
        p.AddArray(creations, c => c.Claim?.Fingerprint);
        p.AddArray(creations, c => c.Location);
        p.AddArray(creations, c => TermsOf(c).Amount);
        p.AddArray(creations, c => TermsOf(c).Tolerance);
        p.AddArray(creations, c => TermsOf(c).RequiredConfirmations);
        p.AddArray(creations, c => TermsOf(c).LateWindow);
        p.AddArray(creations, c => c.Draft.Details.Currency);
        p.AddArray(creations, c => c.Draft.Details.Network);
        p.AddArray(creations, c => c.Draft.Details.Chain);
        p.AddArray(creations, c => c.Draft.Details.Contract);
        p.AddArray(creations, c => c.Draft.Details.Decimals);
        p.AddArray(creations, c => c.Draft.Details.Description);
        p.AddArray(creations, c => JsonSerializer.Serialize(
            c.Draft.Details.Metadata, PaymentsJson.Relaxed.IReadOnlyDictionaryStringString));
        p.AddArray(creations, c => c.Draft.Details.ReturnUrl);
        p.AddArray(creations, c => c.Draft.Details.WebhookUrl);
        p.AddArray(creations, c => c.Draft.Details.DepositAddress);
        p.AddArray(creations, c => c.Draft.Details.AddressPath);
        p.AddArray(creations, c => c.Draft.Details.XpubFingerprint);
        p.AddArray(creations, c => c.Draft.Details.PaymentUri);
        p.AddArray(creations, c => c.Draft.Details.PublicToken);
        p.AddArray(creations, c => TermsOf(c).CreatedAt);
        p.AddArray(creations, c => TermsOf(c).ExpiresAt);
        // An array of arrays has to be a rectangle; these are lists of names, so each goes as the text of one.
        p.AddArray(creations, c => $"{{{string.Join(',', PaymentRows.NamesOf(TermsOf(c).Review))}}}");
        p.AddArray(creations, c => c.Draft.Delayed);
        p.AddArray(creations, c => c.Created.Id);
        // The answer of a creation is the snapshot of its event: the same bytes.
        p.AddArray(creations, c => c.Created.Snapshot);
        p.AddArray(creations, c => c.Created.PublicView);
        p.AddArray(creations, c => c.Created.TraceParent);
        p.AddArray(creations, c => c.Draft.Scenario);
        p.AddArray(creations, c => TermsOf(c).NeedsFinality);
        p.AddText(PaymentEventTypes.Created);
        p.AddArray(creations, c => c.KeyId);
        return command;
    }

    private static PaymentTerms TermsOf(Creation creation) => creation.Draft.Created.After.Terms;
}
