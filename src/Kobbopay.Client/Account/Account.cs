namespace Kobbopay.Client;

/// <summary>The merchant in the environment of the API key.</summary>
public sealed record Account
{
    /// <summary>The merchant's id, <c>mer_...</c>.</summary>
    public required string Id { get; init; }

    /// <summary><c>test</c> or <c>live</c>.</summary>
    public required string Environment { get; init; }

    /// <summary><c>active</c> or <c>suspended</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Since when it is a merchant.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>A limit of its own; null for the environment's.</summary>
    public int? RequestsPerSecond { get; init; }

    /// <summary>Whether its receiver has been certified.</summary>
    public required CertificationState Certification { get; init; }

    /// <summary>The extended public keys that it is paid to.</summary>
    public required IReadOnlyList<AccountXpub> Xpubs { get; init; }

    /// <summary>What new payments are created with.</summary>
    public required AccountSettings Settings { get; init; }
}

/// <summary>Whether a receiver of the merchant has been certified, which live keys need.</summary>
public sealed record CertificationState
{
    /// <summary><c>passed</c>, <c>waived</c> or <c>missing</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The certification that passed.</summary>
    public string? Id { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>Which extended public key the payments of a network are paid to. No API key can change it.</summary>
public sealed record AccountXpub
{
    /// <summary>The network.</summary>
    public required string Network { get; init; }

    /// <summary>The key's fingerprint.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>When the merchant confirmed it.</summary>
    public required DateTimeOffset ConfirmedAt { get; init; }
}

/// <summary>What new payments are created with; each keeps the settings of its creation.</summary>
public sealed record AccountSettings
{
    /// <summary>What payers read.</summary>
    public required string DisplayName { get; init; }

    /// <summary><c>unique_open</c>: one open payment for an order; or <c>allow_many</c>.</summary>
    public required string OrderIdPolicy { get; init; }

    /// <summary>How long after expiry money still pays; 0 for never.</summary>
    public required int LateWindowSeconds { get; init; }

    /// <summary>How many hundredths of a percent may be missing.</summary>
    public required int ToleranceBasisPoints { get; init; }

    /// <summary>And how much at the most; null for no cap.</summary>
    public Amount? ToleranceCap { get; init; }

    /// <summary>What a person looks at: <c>late</c>, <c>overpaid</c>, <c>underpaid</c>.</summary>
    public required IReadOnlyList<string> Review { get; init; }

    /// <summary>Where <see cref="CreatePaymentRequest.ReturnUrl"/> may lead.</summary>
    public required IReadOnlyList<string> ReturnUrlHosts { get; init; }

    /// <summary>How long a payment is open that does not say itself.</summary>
    public required int DefaultExpirySeconds { get; init; }

    /// <summary>Each rail that is granted, switched on or off.</summary>
    public required IReadOnlyList<RailSetting> Rails { get; init; }
}

/// <summary>A rail that is granted to the merchant.</summary>
public sealed record RailSetting
{
    /// <summary>The network.</summary>
    public required string Network { get; init; }

    /// <summary>The currency.</summary>
    public required string Currency { get; init; }

    /// <summary>Whether payments can be made for it.</summary>
    public required bool Enabled { get; init; }

    /// <summary>What is asked for in the end; null when the rail is not there any more.</summary>
    public int? RequiredConfirmations { get; init; }

    /// <summary>What the merchant asks for itself.</summary>
    public int? OwnConfirmations { get; init; }
}
