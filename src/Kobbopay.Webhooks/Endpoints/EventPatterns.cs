using Kobbopay.Contracts;

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

    public static bool IsKnown(string? pattern) =>
        pattern is Everything || (pattern is not null && EventTypes.Matching(pattern).Length > 0);
}
