using Microsoft.Data.Sqlite;

namespace Kobbopay.Samples.Merchant;

/// <summary>
/// The shop's own data, in one file. Orders are what the shop is about; the inbox says which events it has taken, and
/// the cursor how far it has read the feed. All three change together, in one transaction.
/// </summary>
internal sealed class ShopDatabase(string file)
{
    private const string Schema = """
        pragma journal_mode = wal;
        create table if not exists orders (
          id text primary key,
          item text not null,
          amount text not null,
          created_at text not null,
          payment_id text unique,
          pay_url text,
          status text not null default 'New',
          payment_version integer not null default 0,
          decision text not null default 'wait',
          shipped_at text
        );
        create table if not exists inbox (event_id text primary key, taken_at text not null);
        create table if not exists feed_cursor (one integer primary key check (one = 1), sequence integer not null);
        """;

    private readonly string _connection = new SqliteConnectionStringBuilder
    {
        DataSource = file,
        ForeignKeys = true,
        DefaultTimeout = 10,
    }.ToString();

    public void Prepare()
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = Schema;
        command.ExecuteNonQuery();
    }

    public SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connection);
        connection.Open();
        return connection;
    }
}

internal static class SqliteCommands
{
    /// <summary>Rows that the statement changed.</summary>
    public static int Execute(
        this SqliteConnection connection, string statement, params (string Name, object? Value)[] values)
    {
        using var command = connection.Command(statement, values);
        return command.ExecuteNonQuery();
    }

    public static SqliteCommand Command(
        this SqliteConnection connection, string statement, params (string Name, object? Value)[] values)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are constants of this sample; what comes from outside is a parameter.
        command.CommandText = statement;
#pragma warning restore CA2100
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }
}
