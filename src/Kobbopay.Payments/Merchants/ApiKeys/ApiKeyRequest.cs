using System.Net;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;

namespace Kobbopay.Payments.Merchants.ApiKeys;

/// <summary>The body of <c>POST /v1/api-keys</c>.</summary>
/// <param name="AllowedIps">Addresses and CIDR ranges; without them any address may use the key.</param>
internal sealed record ApiKeyRequest(
    string? Label,
    IReadOnlyList<string?>? Scopes,
    DateTimeOffset? ExpiresAt,
    IReadOnlyList<string?>? AllowedIps)
{
    private const int LabelLimit = 100;
    private const int IpsLimit = 50;

    /// <exception cref="ProblemException"><c>invalid_request</c> with every field that is wrong.</exception>
    public ApiKeyTerms Validate(MerchantIdentity merchant, DateTimeOffset now)
    {
        var errors = new List<InvalidField>();
        if (string.IsNullOrWhiteSpace(Label) || Label.Length > LabelLimit || TextField.HasControls(Label))
        {
            errors.Add(new InvalidField(
                "/label", Label is null ? "required" : "invalid_format", $"1 to {LabelLimit} printable characters."));
        }

        errors.AddRange(CheckScopes(merchant));
        if (ExpiresAt <= now)
            errors.Add(new InvalidField("/expiresAt", "out_of_range", "Must lie in the future."));
        errors.AddRange(CheckIps());
        ProblemException.ThrowIfAny(errors);
        return new ApiKeyTerms(
            Label!,
            [.. Scopes!.OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            ExpiresAt?.ToUniversalTime(),
            AllowedIps is null ? null : [.. AllowedIps.Select(text => Normal(text)!).Distinct()]);
    }

    /// <summary>A key gives no more than it has: one that leaks can't make a stronger one.</summary>
    private IEnumerable<InvalidField> CheckScopes(MerchantIdentity merchant)
    {
        if (Scopes is null)
            return [new InvalidField("/scopes", "required", "Name the scopes that the key needs.")];
        if (Scopes.Count == 0)
            return [new InvalidField("/scopes", "too_short", "Name one scope at least.")];
        if (Scopes.Count > ServiceDefaults.Identity.Scopes.All.Count)
            return [new InvalidField("/scopes", "too_long", "Name each scope once.")];
        return Scopes.Index().Select(scope => scope.Item switch
        {
            null => Refused(scope.Index, "wrong_type", "Must be text."),
            var name when !ServiceDefaults.Identity.Scopes.All.Contains(name) =>
                Refused(scope.Index, "unknown_value", "There is no such scope."),
            ServiceDefaults.Identity.Scopes.Sandbox when merchant.Environment == MerchantEnvironments.Live =>
                Refused(scope.Index, "conflict", "The sandbox exists in test only."),
            var name when !merchant.Scopes.Contains(name) =>
                Refused(scope.Index, "conflict", "The key that asks does not have this scope itself."),
            _ => null,
        }).OfType<InvalidField>();

        static InvalidField Refused(int index, string code, string message) => new($"/scopes/{index}", code, message);
    }

    private IEnumerable<InvalidField> CheckIps() => AllowedIps switch
    {
        null => [],
        { Count: 0 } => [new InvalidField("/allowedIps", "too_short", "Leave the list out to allow any address.")],
        { Count: > IpsLimit } => [new InvalidField("/allowedIps", "too_long", $"Up to {IpsLimit} entries.")],
        _ => AllowedIps.Index().Where(ip => Normal(ip.Item) is null).Select(ip => new InvalidField(
            $"/allowedIps/{ip.Index}", "invalid_format", "Must be an address or a CIDR range: 192.0.2.0/24.")),
    };

    /// <summary>The one spelling that is stored, or null. A range with bits beyond its prefix is a mistake.</summary>
    private static string? Normal(string? text)
    {
        if (text is not { Length: > 0 and <= 64 } || text.Contains('%', StringComparison.Ordinal))
            return null;
        if (text.Split('/') is [var first, _])
        {
            return IPNetwork.TryParse(text, out var range) && IPAddress.TryParse(first, out var start)
                && range.BaseAddress.Equals(start)
                ? range.ToString()
                : null;
        }

        return IPAddress.TryParse(text, out var address) && (text.Contains(':') || text.Count(c => c == '.') == 3)
            ? address.ToString()
            : null;
    }
}
