using Kobbopay.Durability;
using Kobbopay.Payments.Merchants.ApiKeys;
using Kobbopay.Payments.Rails;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments.Merchants.Operators;

/// <param name="Reason">For the audit log, and for whoever looks at the merchant.</param>
internal sealed record ReasonRequest(string? Reason);

/// <summary>What an operator changes of a merchant: one transaction with its audit entry and the word to the
/// gateways.</summary>
internal sealed class MerchantChange(
    NpgsqlDataSource database, RailCatalog rails, MerchantDirectory merchants, StoredAnswers answers,
    Signal<OutboxRelay> relay, TimeProvider clock)
{
    /// <summary>A POST that says why: changes a merchant that is not closed, once per idempotency key, and answers with
    /// the merchant as it is then.</summary>
    /// <param name="run">Is given the reason; adds its statements to the batch, the audit entry last.</param>
    /// <exception cref="ProblemException"><c>invalid_request</c> without a reason, <c>not_found</c>,
    /// <c>merchant_closed</c>.</exception>
    public async Task AnswerAsync(
        HttpContext http, OperatorIdentity who, string merchantId,
        Func<NpgsqlConnection, NpgsqlBatch, Guid, string, Task> run, CancellationToken cancellation)
    {
        var body = await JsonBody.ReadAsync(http, OperatorsJson.Default.ReasonRequest, cancellation);
        ProblemException.ThrowIfAny([ReasonText.ErrorOf(body.Value.Reason)]);
        await answers.AnswerAsync(
            http,
            who,
            body.Bytes,
            OperatorsJson.Default.MerchantJson,
            answer => RunAsync(
                merchantId,
                (connection, batch, id) => run(connection, batch, id, body.Value.Reason!),
                cancellation,
                (batch, merchant) => answer(batch, merchant)),
            cancellation);
    }

    /// <summary>Changes a merchant that is not closed, and gives it as it is then.</summary>
    /// <param name="run">Adds its statements to the batch; the audit entry last.</param>
    /// <param name="alongside">Adds to the same transaction, once the merchant is what it will be.</param>
    /// <exception cref="ProblemException"><c>not_found</c>, <c>merchant_closed</c>.</exception>
    public async Task<MerchantJson> RunAsync(
        string merchantId, Func<NpgsqlConnection, NpgsqlBatch, Guid, Task> run, CancellationToken cancellation,
        Action<NpgsqlBatch, MerchantJson>? alongside = null)
    {
        var id = ReadMerchants.ParseId(merchantId);
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await LockOpenAsync(connection, id, cancellation);
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            await run(connection, batch, id);
            await batch.ExecuteNonQueryAsync(cancellation);
        }

        var merchant = await ReadMerchants.FindAsync(connection, rails, clock.Now(), id, cancellation);
        await using (var batch = new NpgsqlBatch(connection, transaction))
        {
            alongside?.Invoke(batch, merchant);
            if (batch.BatchCommands.Count > 0)
                await batch.ExecuteNonQueryAsync(cancellation);
        }

        await transaction.CommitAsync(cancellation);
        merchants.Forget(id, Contracts.MerchantEnvironments.Test);
        merchants.Forget(id, Contracts.MerchantEnvironments.Live);
        relay.Set();
        return merchant;
    }

    /// <summary>Has every gateway look the merchant's keys up again.</summary>
    /// <param name="environment">Null for both.</param>
    /// <param name="revokedAt">Set to end them all.</param>
    public async Task TouchKeysAsync(
        NpgsqlConnection connection, NpgsqlBatch batch, Guid id, string? environment, CancellationToken cancellation,
        DateTimeOffset? revokedAt = null) =>
        ApiKeyRows.Announce(
            batch, clock, await ApiKeyRows.TouchAllAsync(connection, id, environment, cancellation, revokedAt));

    /// <exception cref="ProblemException"><c>not_found</c>, <c>merchant_closed</c>.</exception>
    public static async Task LockOpenAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "select status from merchants where id = $1 for update", connection);
        command.Parameters.AddId(id);
        switch (await command.ExecuteScalarAsync(cancellation))
        {
            case null:
                throw ReadMerchants.NotFound();
            case MerchantStatus.Closed:
                throw new ProblemException(ProblemCodes.MerchantClosed, "The merchant has been closed for good.");
        }
    }
}
