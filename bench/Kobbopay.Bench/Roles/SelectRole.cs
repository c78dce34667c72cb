using System.Buffers;
using System.Text.Json;
using Npgsql;

namespace Kobbopay.Bench.Roles;

/// <summary>A bare Kestrel that selects a payment's row by id: the least that a read over HTTP can do.</summary>
internal static class SelectRole
{
    public const string Name = "select";

    public static async Task ServeAsync(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString)
        {
            MaxAutoPrepare = 8,
            NoResetOnClose = true,
        };
        await using var database = NpgsqlDataSource.Create(settings);
        var app = Role.BareServer().Build();
        app.MapGet("/payments/{id:guid}", async (Guid id, HttpContext context) =>
        {
            await using var command = database.CreateCommand(
                """
                select status, order_id, currency, network, deposit_address, version, created_at
                from payments where id = $1
                """);
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await using var row = await command.ExecuteReaderAsync(context.RequestAborted);
            if (!await row.ReadAsync(context.RequestAborted))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            var body = new ArrayBufferWriter<byte>(512);
            await using var json = new Utf8JsonWriter(body);
            json.WriteStartObject();
            json.WriteString("id", id);
            for (var i = 0; i < 5; i++)
                json.WriteString(row.GetName(i), row.GetString(i));
            json.WriteNumber("version", row.GetInt32(5));
            json.WriteString("created_at", row.GetDateTime(6));
            json.WriteEndObject();
            await json.FlushAsync(context.RequestAborted);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = body.WrittenCount;
            await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
        });
        await Role.ServeAsync(app);
    }
}
