using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>A 2xx answer as it is sent, and sent again to whoever repeats the request with its key.</summary>
/// <param name="Replayed">It has been given before.</param>
public sealed record StoredAnswer(int Status, string? Location, byte[] Body, bool Replayed = false)
{
    public async Task WriteAsync(HttpResponse response, CancellationToken cancellation)
    {
        response.StatusCode = Status;
        response.ContentType = "application/json";
        if (Location is not null)
            response.Headers.Location = Location;
        if (Replayed)
            response.Headers[Idempotency.ReplayedHeader] = "true";
        response.ContentLength = Body.Length;
        await response.BodyWriter.WriteAsync(Body, cancellation);
    }
}

/// <summary>
/// Gives an operation's answer: called once, with the batch that makes the answer true, before that batch is executed.
/// </summary>
/// <param name="onReplay">Stored in the answer's place, where that carries a secret: it is shown once and kept
/// nowhere.</param>
public delegate void GiveAnswer<in T>(
    NpgsqlBatch batch, T answer, int status = StatusCodes.Status200OK, string? location = null, T? onReplay = null)
    where T : class;

/// <summary>An answer that an operation gives from within its transaction.</summary>
/// <param name="OnReplay">As in <see cref="GiveAnswer{T}"/>.</param>
public sealed record GivenAnswer<T>(
    T Answer, int Status = StatusCodes.Status200OK, string? Location = null, T? OnReplay = null)
    where T : class;

/// <summary>
/// Answers of POSTs, each given once per idempotency key: it is stored in the transaction that makes it true.
/// </summary>
public sealed class StoredAnswers(Idempotency idempotency, IdempotencyKeys keys)
{
    /// <summary>The same for an operation whose answer is known only once its statement has run: both are one
    /// transaction.</summary>
    public Task AnswerAsync<T>(
        HttpContext http,
        IdempotencyOwner owner,
        ReadOnlyMemory<byte> body,
        JsonTypeInfo<T> type,
        NpgsqlDataSource database,
        Func<NpgsqlConnection, Task<GivenAnswer<T>>> run,
        CancellationToken cancellation)
        where T : class
    {
        return AnswerAsync(http, owner, body, type, TransactAsync, cancellation);

        async Task TransactAsync(GiveAnswer<T> give)
        {
            await using var connection = await database.OpenConnectionAsync(cancellation);
            await using var transaction = await connection.BeginTransactionAsync(cancellation);
            var (answer, status, location, onReplay) = await run(connection);
            await using var batch = new NpgsqlBatch(connection, transaction);
            give(batch, answer, status, location, onReplay);
            if (batch.BatchCommands.Count > 0)
                await batch.ExecuteNonQueryAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }
    }

    /// <summary>
    /// Runs an operation, which hands its batch and its answer to the delegate that it is given, and answers with that;
    /// or with the stored answer of the request's idempotency key. What refuses the request belongs inside: a used key
    /// answers with what was, even when the same request would be refused today.
    /// </summary>
    /// <param name="looksFirst">
    /// Whether the key is looked up before. An operation that is all in its batch need not: a used key undoes it, and
    /// only then the answer is looked up.
    /// </param>
    public async Task AnswerAsync<T>(
        HttpContext http,
        IdempotencyOwner owner,
        ReadOnlyMemory<byte> body,
        JsonTypeInfo<T> type,
        Func<GiveAnswer<T>, Task> run,
        CancellationToken cancellation,
        bool looksFirst = true)
        where T : class
    {
        var claim = Idempotency.ClaimOf(http, body);
        var result = await idempotency.RunAloneAsync(
            owner,
            claim,
            async () => (looksFirst ? await keys.FindAsync(owner, claim, cancellation) : null) ?? await RunAsync(),
            cancellation);
        await result.WriteAsync(http.Response, cancellation);

        async Task<StoredAnswer> RunAsync()
        {
            StoredAnswer? given = null;
            try
            {
                await run((batch, answer, status, location, onReplay) =>
                {
                    given = new StoredAnswer(status, location, JsonSerializer.SerializeToUtf8Bytes(answer, type));
                    var stored = onReplay is null
                        ? given
                        : given with { Body = JsonSerializer.SerializeToUtf8Bytes(onReplay, type) };
                    keys.Add(batch, owner, claim, stored);
                });
            }
            catch (Exception race) when (claim is not null
                && race is ProblemException or PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                // Another replica may have been faster: then its answer is this request's.
                given = await keys.FindAsync(owner, claim, cancellation);
                if (given is null)
                    throw;
            }

            return given ?? throw new InvalidOperationException("The operation gave no answer");
        }
    }
}
