using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;

namespace Kobbopay.Payments;

/// <summary>
/// Answers of every POST but a creation, each given once per idempotency key: it is stored in the transaction that
/// makes it true.
/// </summary>
public sealed class StoredAnswers(Idempotency idempotency, PaymentStore store)
{
    /// <summary>
    /// Runs an operation, which hands its answer and its batch to the delegate that it is given, and answers with that;
    /// or with the stored answer of the request's idempotency key.
    /// </summary>
    internal async Task AnswerAsync<T>(
        HttpContext http,
        MerchantIdentity merchant,
        ReadOnlyMemory<byte> body,
        JsonTypeInfo<T> type,
        Func<Action<NpgsqlBatch, T>, Task> run,
        CancellationToken cancellation)
    {
        var claim = Idempotency.ClaimOf(http, body);
        var result = await idempotency.RunAloneAsync(
            merchant,
            claim,
            async () => await store.FindReplayAsync(merchant, claim, cancellation) ?? await RunAsync(),
            cancellation);
        await CreatePayment.AnswerAsync(http.Response, result, cancellation);

        async Task<CreateResult> RunAsync()
        {
            CreateResult? answer = null;
            try
            {
                await run((batch, value) =>
                {
                    answer = new CreateResult(200, Location: null, JsonSerializer.SerializeToUtf8Bytes(value, type));
                    store.AddAnswer(batch, merchant, claim, answer);
                });
            }
            catch (Exception race) when (claim is not null
                && race is ProblemException or PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                // Another replica may have been faster: then its answer is this request's.
                answer = await store.FindReplayAsync(merchant, claim, cancellation);
                if (answer is null)
                    throw;
            }

            return answer ?? throw new InvalidOperationException("The operation gave no answer");
        }
    }
}
