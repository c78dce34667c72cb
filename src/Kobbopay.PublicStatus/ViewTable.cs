using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.PublicStatus;

/// <summary>
/// The table of views that all replicas share. What a replica stores it tells the others of, in the same statement
/// (<see cref="ViewNotices"/>).
/// </summary>
public sealed class ViewTable(NpgsqlDataSource database, TimeProvider clock)
{
    public const string Channel = "public_views";

    /// <summary>Tokens in one notice: PostgreSQL takes 8,000 bytes.</summary>
    private const int TokensInNotice = 100;

    private static readonly string Store = $"with {Upsert(1)} {Tell(6)}";

    private static readonly string StoreFromEvents = $"with {Inbox.Fresh}, {Upsert(5)} {Tell(10)}";

    private readonly string _replica = Id.New(clock).ToString("n");

    /// <summary>Null when no replica has heard of the token.</summary>
    public async Task<StoredView?> FindAsync(string token, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            "select view, updated_at from public_payments where token = $1");
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = token });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            return null;
        var view = JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.PublicPayment)!;
        return new StoredView(view, reader.GetFieldValue<DateTimeOffset>(1));
    }

    /// <summary>Those of the views that are there.</summary>
    public async Task<List<PublicPayment>> FindAsync(string[] tokens, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand("select view from public_payments where token = any($1)");
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = tokens });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var views = new List<PublicPayment>(tokens.Length);
        while (await reader.ReadAsync(cancellation))
            views.Add(JsonSerializer.Deserialize(reader.GetString(0), ContractsJson.Default.PublicPayment)!);
        return views;
    }

    public async Task StoreAsync(IReadOnlyList<PublicPayment> views, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(Store);
        AddViews(command.Parameters, views);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>
    /// Takes the events in and stores their views, in one statement. A repeated event's view is stored again without
    /// effect: only a newer one replaces a row, so nothing has to be joined with what is fresh.
    /// </summary>
    public async Task StoreAsync(IReadOnlyList<PaymentChanged> events, CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(StoreFromEvents);
        Inbox.AddParameters(command.Parameters, events);
        AddViews(command.Parameters, [.. events.Select(e => e.Payment?.Public).OfType<PublicPayment>()]);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>The tokens of a notice, none if it is this replica's own.</summary>
    public IEnumerable<string> ForeignTokensIn(string notice)
    {
        var words = notice.Split(' ');
        return words[0] == _replica ? [] : words.Skip(1);
    }

    /// <summary>
    /// Takes the arrays of <see cref="AddViews"/> as five parameters from <paramref name="first"/> on. Rows go in
    /// sorted by token, so that two statements that meet can't wait for each other.
    /// </summary>
    private static string Upsert(int first) =>
        $"""
        stored as (
        insert into public_payments as known (token, version, progress, view, updated_at)
        select v.token, v.version, v.progress, v.view::jsonb, v.updated_at
        from unnest(
          ${first}::text[], ${first + 1}::integer[], ${first + 2}::integer[], ${first + 3}::text[],
          ${first + 4}::timestamptz[])
          as v (token, version, progress, view, updated_at)
        order by v.token
        on conflict (token) do update
        set version = excluded.version, progress = excluded.progress, view = excluded.view,
          updated_at = excluded.updated_at
        where (known.version, known.progress) < (excluded.version, excluded.progress)
        returning token)
        """;

    /// <summary>
    /// With the rows' commit: notices queue up behind each other, but only a few batches of each replica send any.
    /// </summary>
    private static string Tell(int replica) =>
        $"""
        select pg_notify('{Channel}', ${replica} || ' ' || string_agg(token, ' '))
        from (select token, (row_number() over () - 1) / {TokensInNotice} as part from stored) stored
        group by part
        """;

    private void AddViews(NpgsqlParameterCollection parameters, IReadOnlyList<PublicPayment> views)
    {
        // One statement may not touch a row twice: of the same token's views only the newest goes in.
        var newest = views.GroupBy(view => view.Token, StringComparer.Ordinal)
            .Select(same => same.MaxBy(view => (view.Version, view.Progress))!)
            .ToArray();
        parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. newest.Select(view => view.Token)] });
        parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. newest.Select(view => view.Version)] });
        parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. newest.Select(view => view.Progress)] });
        var type = ContractsJson.Default.PublicPayment;
        string[] texts = [.. newest.Select(view => JsonSerializer.Serialize(view, type))];
        parameters.Add(new NpgsqlParameter<string[]> { TypedValue = texts });
        var now = clock.GetUtcNow();
        parameters.Add(new NpgsqlParameter<DateTimeOffset[]> { TypedValue = [.. newest.Select(_ => now)] });
        parameters.Add(new NpgsqlParameter<string> { TypedValue = _replica });
    }
}

/// <param name="UpdatedAt">When the news of this view arrived.</param>
public sealed record StoredView(PublicPayment View, DateTimeOffset UpdatedAt);
