using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Npgsql;

namespace Kobbopay.Bench.Roles;

/// <summary>
/// A bare Kestrel that selects a payment's row by id and writes its columns as they are: the least that a read of it
/// over HTTP can do.
/// </summary>
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
            await using var command = database.CreateCommand("select * from payments where id = $1");
            command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = id });
            await using var row = await command.ExecuteReaderAsync(context.RequestAborted);
            if (!await row.ReadAsync(context.RequestAborted))
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return;
            }

            var body = new ArrayBufferWriter<byte>(2048);
            await using var json = new Utf8JsonWriter(body);
            json.WriteStartObject();
            for (var i = 0; i < row.FieldCount; i++)
                WriteColumn(json, row, i);
            json.WriteEndObject();
            await json.FlushAsync(context.RequestAborted);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = body.WrittenCount;
            await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
        });
        await Role.ServeAsync(app);
    }

    private static void WriteColumn(Utf8JsonWriter json, NpgsqlDataReader row, int column)
    {
        json.WritePropertyName(row.GetName(column));
        if (row.IsDBNull(column))
        {
            json.WriteNullValue();
            return;
        }

        switch (row.GetDataTypeName(column))
        {
            case "uuid":
                json.WriteStringValue(row.GetGuid(column));
                break;
            case "integer":
                json.WriteNumberValue(row.GetInt32(column));
                break;
            case "smallint":
                json.WriteNumberValue(row.GetInt16(column));
                break;
            case "bigint":
                json.WriteNumberValue(row.GetInt64(column));
                break;
            case "boolean":
                json.WriteBooleanValue(row.GetBoolean(column));
                break;
            case "timestamp with time zone":
                json.WriteStringValue(row.GetDateTime(column));
                break;
            case "interval":
                json.WriteNumberValue(row.GetTimeSpan(column).TotalSeconds);
                break;
            case var type when type.StartsWith("numeric", StringComparison.Ordinal):
                json.WriteStringValue(row.GetFieldValue<BigInteger>(column).ToString(CultureInfo.InvariantCulture));
                break;
            case "text[]":
                json.WriteNumberValue(row.GetFieldValue<string[]>(column).Length);
                break;
            default:
                json.WriteStringValue(row.GetString(column));
                break;
        }
    }
}
