using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Kobbopay.Webhooks.Deliveries;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>
/// What a merchant says of an endpoint, when it is created and when it is changed: the same fields under the same
/// rules. A change leaves out what stays; where a field may be without a value, <c>null</c> takes the value away.
/// </summary>
/// <remarks>Setters, and no constructor: only they tell <c>null</c> from a field that is not there.</remarks>
[SchemaName("WebhookEndpointRequest")]
internal sealed record EndpointRequest
{
    private const int LongestDescription = 500;
    private const int HighestRate = 1000;

    public string? Url { get; set; }

    public IReadOnlyList<string?>? Events { get; set; }

    public string? Description
    {
        get;
        set => (field, SetsDescription) = (value, true);
    }

    public string? Ordering { get; set; }

    /// <summary>Whether <c>X-Signature</c>, which has no time in it, is sent too; default true.</summary>
    public bool? BodySignature { get; set; }

    /// <summary>Requests per second at most.</summary>
    public int? RateLimit
    {
        get;
        set => (field, SetsRateLimit) = (value, true);
    }

    /// <summary>Sent with every request; all of them at once, never one by one.</summary>
    public Dictionary<string, string?>? Headers
    {
        get;
        set => (field, SetsHeaders) = (value, true);
    }

    // Not public, or they would be fields of the request.
    internal bool SetsDescription { get; private set; }

    internal bool SetsRateLimit { get; private set; }

    internal bool SetsHeaders { get; private set; }

    internal string[]? EventNames => Events is null ? null : [.. Events.OfType<string>().Distinct()];

    /// <exception cref="ProblemException"><c>invalid_request</c> with every field that is wrong.</exception>
    internal void Validate(string environment, EgressGuard egress, bool isNew)
    {
        var errors = new List<InvalidField>();
        if ((isNew || Url is not null) && EndpointUrl.Check(Url, environment, egress) is { } badUrl)
            errors.Add(badUrl);
        if (isNew || Events is not null)
            errors.AddRange(CheckEvents(Events));
        if (Description is { } text && (text.Length > LongestDescription || text.Any(char.IsControl)))
            errors.Add(new InvalidField("/description", "invalid_format", "Up to 500 printable characters."));
        if (Ordering is not (null or EndpointOrdering.None or EndpointOrdering.PerPayment))
            errors.Add(new InvalidField("/ordering", "unknown_value", "One of none, per_payment."));
        if (RateLimit is < 1 or > HighestRate)
            errors.Add(new InvalidField("/rateLimit", "out_of_range", $"1 to {HighestRate} requests per second."));
        errors.AddRange(EndpointHeaders.Check(Headers));
        if (errors.Count > 0)
        {
            throw new ProblemException(
                ProblemCodes.InvalidRequest, $"{errors[0].Pointer}: {errors[0].Message}", errors);
        }
    }

    private static IEnumerable<InvalidField> CheckEvents(IReadOnlyList<string?>? events) => events switch
    {
        null => [new InvalidField("/events", "required", "Name the events, or * for all of them.")],
        [] => [new InvalidField("/events", "too_short", "Name one event at least, or * for all of them.")],
        { Count: > EventPatterns.Limit } =>
            [new InvalidField("/events", "too_long", $"Up to {EventPatterns.Limit} entries.")],
        _ => events.Index().Where(entry => !EventPatterns.IsKnown(entry.Item)).Select(entry => new InvalidField(
            $"/events/{entry.Index}", "unknown_event", "No event has this name; payment.* and * are patterns.")),
    };
}

/// <summary>How an endpoint takes the events of one payment.</summary>
internal static class EndpointOrdering
{
    public const string None = "none";

    /// <summary>The next one waits until the previous one is done.</summary>
    public const string PerPayment = "per_payment";
}
