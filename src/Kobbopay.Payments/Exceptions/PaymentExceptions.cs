using System.Diagnostics.Metrics;
using System.Numerics;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Payments.Domain;
using Npgsql;

namespace Kobbopay.Payments.Exceptions;

/// <summary>
/// Opens exceptions in the transaction that finds their cause, and alerts operators. The alert is given before the
/// commit: a scan that has to be repeated repeats it, and none is ever lost.
/// </summary>
public sealed partial class PaymentExceptions : IDisposable
{
    public const string FinalityViolated = "finality_violated";
    public const string MissedTransfer = "missed_transfer";

    private readonly TimeProvider _clock;
    private readonly ILogger<PaymentExceptions> _logger;
    private readonly Meter _meter;
    private readonly Counter<long> _opened;

    public PaymentExceptions(TimeProvider clock, IMeterFactory meters, ILogger<PaymentExceptions> logger)
    {
        (_clock, _logger) = (clock, logger);
        _meter = meters.Create("Kobbopay.Payments");
        _opened = _meter.CreateCounter<long>(
            "kobbopay.payments.exceptions", "{exception}", "Matters that a person has to look at, by kind");
    }

    /// <summary>Adds what a change of a payment asks a person to look at.</summary>
    internal void AddFrom(NpgsqlBatch batch, PaymentChange change)
    {
        foreach (var pending in change.Events)
        {
            if (pending.Happened.Type == PaymentEventTypes.FinalityViolated)
                AddFinalityViolated(batch, change.Before, pending.Happened);
        }
    }

    /// <summary>
    /// Adds the exception of a <c>payment.finality_violated</c>; nothing when the payment has an open one already.
    /// </summary>
    internal void AddFinalityViolated(NpgsqlBatch batch, PaymentRecord before, PaymentEvent happened)
    {
        var (details, after) = (before.Details, happened.After);
        string Text(BigInteger units) => Amount.Format(units, details.Decimals);
        var detail = new FinalityDetail(
            after.Version,
            happened.Reorg?.OldBlockHash,
            happened.Reorg?.NewBlockHash,
            details.Network,
            details.Currency,
            Text(after.Due),
            Text(before.State.Received),
            Text(after.Received));
        Add(
            batch, details, FinalityViolated,
            JsonSerializer.SerializeToUtf8Bytes(detail, ExceptionsJson.Default.FinalityDetail), happened.At);
        LogFinalityViolated(
            Id.Format(Id.Payment, details.Id), details.Network, detail.AmountBefore, detail.AmountReceived);
    }

    /// <summary>Adds the exception of an address that owns more than was seen to come in.</summary>
    internal void AddMissedTransfer(
        NpgsqlBatch batch, PaymentRecord payment, BigInteger balance, long block, DateTimeOffset now)
    {
        var details = payment.Details;
        string Text(BigInteger units) => Amount.Format(units, details.Decimals);
        var detail = new MissedTransferDetail(
            details.Network,
            details.Currency,
            details.DepositAddress,
            Text(payment.State.Due),
            Text(payment.State.Received),
            Text(balance),
            block);
        Add(
            batch, details, MissedTransfer,
            JsonSerializer.SerializeToUtf8Bytes(detail, ExceptionsJson.Default.MissedTransferDetail), now);
        LogMissedTransfer(
            Id.Format(Id.Payment, details.Id), details.Network, detail.Balance, detail.AmountReceived);
    }

    public void Dispose() => _meter.Dispose();

    private void Add(NpgsqlBatch batch, PaymentDetails details, string kind, byte[] detail, DateTimeOffset now)
    {
        var insert = batch.Add("""
            insert into exceptions (id, merchant_id, environment, kind, payment_id, detail, opened_at)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (payment_id, kind) where closed_at is null do nothing
            """);
        insert.AddId(Id.New(_clock));
        insert.AddId(details.MerchantId);
        insert.AddText(details.Environment);
        insert.AddText(kind);
        insert.AddId(details.Id);
        insert.AddJson(detail);
        insert.AddTime(now);
        _opened.Add(
            1,
            new KeyValuePair<string, object?>("kobbopay.environment", details.Environment),
            new KeyValuePair<string, object?>("kobbopay.kind", kind));
    }

    [LoggerMessage(
        LogLevel.Error,
        "Money of the confirmed payment {PaymentId} has left {Network}: {Before} was received, {After} still stands")]
    private partial void LogFinalityViolated(string paymentId, string network, string before, string after);

    [LoggerMessage(
        LogLevel.Error,
        "The address of payment {PaymentId} owns {Balance} on {Network}, and {Seen} was seen: it is kept open")]
    private partial void LogMissedTransfer(string paymentId, string network, string balance, string seen);
}

/// <summary>What a <c>finality_violated</c> is about; amounts are decimal strings.</summary>
/// <param name="Version">The payment's version whose event told of it.</param>
/// <param name="NewBlockHash">Null when the chain became shorter.</param>
internal sealed record FinalityDetail(
    int Version,
    string? OldBlockHash,
    string? NewBlockHash,
    string Network,
    string Currency,
    string AmountDue,
    string AmountBefore,
    string AmountReceived);

/// <summary>What a <c>missed_transfer</c> is about; amounts are decimal strings.</summary>
/// <param name="Balance">What the address owned at <paramref name="Block"/>.</param>
internal sealed record MissedTransferDetail(
    string Network,
    string Currency,
    string Address,
    string AmountDue,
    string AmountReceived,
    string Balance,
    long Block);
