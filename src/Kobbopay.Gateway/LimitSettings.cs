namespace Kobbopay.Gateway;

/// <summary>The section <c>Limits</c>; what is not configured is as contracts.md, section 1 has it.</summary>
public sealed record LimitSettings
{
    public const string Section = "Limits";

    /// <summary>Requests per second of a live key that has no limit of its own.</summary>
    public int LivePerSecond { get; init; } = 100;

    public int TestPerSecond { get; init; } = 25;

    /// <summary>Gateways among which a key's limit is divided; 1 where each grants it in full.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Requests per second of an address to routes that need no key.</summary>
    public int PublicPerSecond { get; init; } = 20;

    public int PublicBurst { get; init; } = 40;

    /// <summary>Streams that an address may have open at a time: behind one may be a whole office.</summary>
    public int StreamsPerAddress { get; init; } = 100;

    /// <summary>Of an address: each is read by a person.</summary>
    public int AccessRequestsPerHour { get; init; } = 5;

    /// <summary>Of an address: what is sent to claim links may be a guess at their code.</summary>
    public int ClaimsPerMinute { get; init; } = 10;

    /// <summary>Of an address; its further tries are refused unseen.</summary>
    public int WrongKeysPerMinute { get; init; } = 20;

    /// <exception cref="InvalidOperationException">A value is no number, or below 1.</exception>
    public static LimitSettings Read(IConfiguration section)
    {
        var settings = section.Get<LimitSettings>() ?? new LimitSettings();
        int[] values =
        [
            settings.LivePerSecond, settings.TestPerSecond, settings.Replicas, settings.PublicPerSecond,
            settings.PublicBurst, settings.StreamsPerAddress, settings.AccessRequestsPerHour,
            settings.ClaimsPerMinute, settings.WrongKeysPerMinute,
        ];
        return values.Min() >= 1
            ? settings
            : throw new InvalidOperationException("Each of the limits must be 1 at least");
    }
}
