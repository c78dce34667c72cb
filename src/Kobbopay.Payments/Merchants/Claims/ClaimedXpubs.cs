using Kobbopay.Payments.Merchants.Settings;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Evm;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Claims;

/// <summary>
/// The xpubs that a merchant enters, each with the addresses that it is to confirm: a mistyped, or another account's,
/// key shows there, before anybody pays to it.
/// </summary>
internal sealed class ClaimedXpubs(RailCatalog rails)
{
    /// <summary>Addresses 0 to 2 (contracts.md, section 6).</summary>
    private const int Confirmed = 3;

    /// <summary>The networks that are approved and want an xpub.</summary>
    public IReadOnlyList<IRail> NetworksOf(OpenedClaim claim) =>
    [
        .. SettingsJson.RailsOf(claim.Settings, claim.Environment, rails)
            .Select(rail => rail.Network)
            .Distinct(StringComparer.Ordinal)
            .Select(rails.Of)
            .Where(rail => rail.NeedsXpub),
    ];

    /// <summary>What was entered, checked; for a network without an entry nothing, unless all are needed.</summary>
    /// <exception cref="ProblemException"><c>invalid_request</c>.</exception>
    public List<(IRail Rail, ExtendedPublicKey Key)> Parse(OpenedClaim claim, ClaimRequest request, bool all)
    {
        var entered = request.Xpubs ?? new Dictionary<string, string?>(StringComparer.Ordinal);
        var (networks, errors) = (NetworksOf(claim), new List<InvalidField>());
        var parsed = new List<(IRail, ExtendedPublicKey)>();
        foreach (var unknown in entered.Keys.Except(networks.Select(rail => rail.Network), StringComparer.Ordinal))
        {
            errors.Add(new InvalidField(
                $"/xpubs/{unknown}", "not_found", "No network of yours with this name takes one."));
        }

        foreach (var rail in networks)
        {
            var text = entered.GetValueOrDefault(rail.Network)?.Trim();
            if (string.IsNullOrEmpty(text) && !all)
                continue;
            var pointer = $"/xpubs/{rail.Network}";
            switch (ExtendedPublicKey.TryParse(text, out var key))
            {
                case XpubError.None:
                    parsed.Add((rail, key!));
                    break;
                case XpubError.Private:
                    errors.Add(new InvalidField(
                        pointer, "invalid_format",
                        "This is a PRIVATE key (xprv). Consider it leaked: move its funds. Enter the account's xpub."));
                    break;
                case var _ when string.IsNullOrEmpty(text):
                    errors.Add(new InvalidField(pointer, "required", "Enter the account's extended public key."));
                    break;
                default:
                    errors.Add(new InvalidField(
                        pointer, "invalid_format", "This is no extended public key (xpub...)."));
                    break;
            }
        }

        ProblemException.ThrowIfAny(errors);
        return parsed;
    }

    public static List<XpubPreview> Previews(IEnumerable<(IRail Rail, ExtendedPublicKey Key)> xpubs) =>
    [
        .. xpubs.Select(xpub => new XpubPreview(
            xpub.Rail.Network, xpub.Rail.NetworkName, xpub.Key.Fingerprint,
            [.. Enumerable.Range(0, Confirmed).Select(index => xpub.Rail.AddressOf(xpub.Key, index))])),
    ];

    /// <exception cref="ProblemException"><c>invalid_request</c> unless the merchant has found the same
    /// addresses.</exception>
    public static void RequireConfirmed(IEnumerable<XpubPreview> previews, ClaimRequest request) =>
        ProblemException.ThrowIfAny(previews
            .Where(preview => request.Addresses?.GetValueOrDefault(preview.Network)?.SequenceEqual(preview.Addresses)
                != true)
            .Select(preview => new InvalidField(
                $"/addresses/{preview.Network}", "conflict",
                "Confirm the addresses 0 to 2 as POST /v1/claims/preview shows them and your wallet has them.")));

    /// <summary>Stores them, and tells what they were before.</summary>
    /// <exception cref="ProblemException"><c>invalid_request</c> for one that another merchant or environment
    /// uses.</exception>
    public static async Task<List<XpubChange>> StoreAsync(
        NpgsqlConnection connection, OpenedClaim claim, List<(IRail Rail, ExtendedPublicKey Key)> xpubs,
        DateTimeOffset now, CancellationToken cancellation)
    {
        var changes = new List<XpubChange>();
        // In one order, so that two claims never wait for each other.
        foreach (var (rail, key) in xpubs.OrderBy(xpub => xpub.Key.Fingerprint, StringComparer.Ordinal))
        {
            await using var batch = connection.CreateBatch();
            AddXpub(batch, claim, rail, key, now);
            await using var row = await batch.ExecuteReaderAsync(cancellation);
            await row.ReadAsync(cancellation);
            if (!row.GetBoolean(0))
            {
                throw new ProblemException(
                    ProblemCodes.InvalidRequest, $"/xpubs/{rail.Network}: This key is in use elsewhere.",
                    [new InvalidField(
                        $"/xpubs/{rail.Network}", "conflict",
                        "Another merchant or environment uses this key. Take an account of its own for each.")]);
            }

            changes.Add(new XpubChange(rail.Network, PaymentRows.TextOrNull(row, 1), key.Fingerprint));
        }

        return changes;
    }

    private static void AddXpub(
        NpgsqlBatch batch, OpenedClaim claim, IRail rail, ExtendedPublicKey key, DateTimeOffset now)
    {
        var insert = batch.Add("""
            insert into xpubs (fingerprint, xpub, merchant_id, environment, created_at) values ($1, $2, $3, $4, $5)
            on conflict do nothing
            """);
        insert.AddText(key.Fingerprint);
        insert.AddText(key.Text);
        insert.AddId(claim.MerchantId);
        insert.AddText(claim.Environment);
        insert.AddTime(now);
        var use = batch.Add("""
            with own as (
              select fingerprint from xpubs where fingerprint = $4 and merchant_id = $1 and environment = $2),
            before as (
              select fingerprint from merchant_xpubs where merchant_id = $1 and environment = $2 and network = $3),
            used as (
              insert into merchant_xpubs (merchant_id, environment, network, fingerprint, confirmed_at)
              select $1, $2, $3, fingerprint, $5 from own
              on conflict (merchant_id, environment, network) do update
              set fingerprint = excluded.fingerprint, confirmed_at = excluded.confirmed_at),
            -- A payment that is being drafted is paid to the new key.
            noted as (
              update merchant_settings set version = version + 1
              where merchant_id = $1 and environment = $2 and exists (select from own))
            select exists (select from own), (select fingerprint from before)
            """);
        use.AddId(claim.MerchantId);
        use.AddText(claim.Environment);
        use.AddText(rail.Network);
        use.AddText(key.Fingerprint);
        use.AddTime(now);
    }
}
