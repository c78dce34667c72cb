namespace Kobbopay.Contracts;

/// <summary>
/// Events of merchants' feeds that were given their places together, nearly always payments', in one bus message: what
/// a message costs its broker and its consumers is several times what an event does. An event that has no company
/// waits for none. A consumer takes each event for itself, so one that comes twice, or can't be taken, does no harm to
/// the others.
/// </summary>
public sealed record PaymentsChanged(IReadOnlyList<PaymentChanged> Events)
{
    /// <summary>Events in one message at most.</summary>
    public const int BatchLimit = 64;

    /// <summary>Bytes of events and views in one message at most, but for one event that has more by itself.</summary>
    public const int BytesLimit = 256 * 1024;
}
