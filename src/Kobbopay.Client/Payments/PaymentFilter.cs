using Kobbopay.Client.Http;

namespace Kobbopay.Client;

/// <summary>Which payments to list; what is null does not matter.</summary>
public sealed record PaymentFilter
{
    /// <summary>Of this order.</summary>
    public string? OrderId { get; init; }

    /// <summary>With this status: <see cref="PaymentStatuses"/>.</summary>
    public string? Status { get; init; }

    /// <summary>With this outcome: <see cref="PaymentOutcomes"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>On this network.</summary>
    public string? Network { get; init; }

    /// <summary>In this currency.</summary>
    public string? Currency { get; init; }

    /// <summary>Created then or later.</summary>
    public DateTimeOffset? CreatedFrom { get; init; }

    /// <summary>Created before then.</summary>
    public DateTimeOffset? CreatedTo { get; init; }

    /// <summary>With all of these pairs.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    internal ApiPath PathOf(string route)
    {
        var path = new ApiPath(route)
            .With("orderId", OrderId)
            .With("status", Status)
            .With("outcome", Outcome)
            .With("network", Network)
            .With("currency", Currency)
            .With("createdFrom", CreatedFrom)
            .With("createdTo", CreatedTo);
        foreach (var (key, value) in Metadata ?? new Dictionary<string, string>(StringComparer.Ordinal))
            path.With($"metadata[{key}]", value);
        return path;
    }
}
