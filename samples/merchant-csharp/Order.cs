using Microsoft.Data.Sqlite;

namespace Kobbopay.Samples.Merchant;

/// <summary>An order, and what the shop knows of its payment.</summary>
/// <param name="Amount">Exact decimal text: money is never a floating point number.</param>
/// <param name="Decision">Kobbopay's advice: <c>wait</c>, <c>fulfil</c>, <c>review</c> or <c>stop</c>.</param>
internal sealed record Order(
    string Id, string Item, string Amount, string? PaymentId, string? PayUrl, string Status, string Decision,
    string? ShippedAt)
{
    private const string Columns = "id, item, amount, payment_id, pay_url, status, decision, shipped_at";

    public static Order? Find(SqliteConnection connection, string id)
    {
        using var command = connection.Command($"select {Columns} from orders where id = $id", ("$id", id));
        using var row = command.ExecuteReader();
        return row.Read() ? Read(row) : null;
    }

    public static List<Order> All(SqliteConnection connection)
    {
        using var command = connection.Command($"select {Columns} from orders order by created_at");
        using var row = command.ExecuteReader();
        var orders = new List<Order>();
        while (row.Read())
            orders.Add(Read(row));
        return orders;
    }

    private static Order Read(SqliteDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), Text(row, 3), Text(row, 4), row.GetString(5),
        row.GetString(6), Text(row, 7));

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
