using System.Collections.Frozen;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// Which events an endpoint wants: <c>*</c>, a whole object (<c>payment.*</c>), or a type by its exact name
/// (contracts.md, sections 2 and 3). A name that no event has is refused, so that a typing error can't silence an
/// endpoint.
/// </summary>
public static class EventPatterns
{
    public const string Everything = "*";

    /// <summary>Patterns of one endpoint at most; there are fewer types than this.</summary>
    public const int Limit = 50;

    private static readonly FrozenSet<string> Types = new[]
    {
        "payment.created", "payment.partially_paid", "payment.paid", "payment.confirmed", "payment.amount_changed",
        "payment.reverted", "payment.expired", "payment.canceled", "payment.late_transfer", "payment.resolved",
        "payment.finality_violated", "webhook_endpoint.failing", "webhook_endpoint.disabled", "api_key.misused",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> Known = Types
        .Select(type => $"{type[..type.IndexOf('.', StringComparison.Ordinal)]}.*")
        .Concat(Types)
        .Append(Everything)
        .ToFrozenSet(StringComparer.Ordinal);

    public static bool IsKnown(string? pattern) => pattern is not null && Known.Contains(pattern);
}
