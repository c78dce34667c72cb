using Kobbopay.ServiceDefaults.Data;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>A row of <c>webhook_endpoints</c>.</summary>
internal sealed record EndpointRow(
    Guid Id,
    Guid MerchantId,
    string Environment,
    string Url,
    string[] Events,
    string? Description,
    string Ordering,
    bool BodySignature,
    DateTimeOffset CreatedAt,
    string Status = "enabled",
    string? DisabledReason = null,
    DateTimeOffset? DisabledAt = null)
{
    /// <summary>The columns that <see cref="Read"/> takes, in its order.</summary>
    public const string Columns =
        "id, merchant_id, environment, url, events, description, ordering, body_signature, created_at, status, "
        + "disabled_reason, disabled_at";

    public static EndpointRow Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0),
        reader.GetGuid(1),
        reader.GetString(2),
        reader.GetString(3),
        reader.GetFieldValue<string[]>(4),
        reader.IsDBNull(5) ? null : reader.GetString(5),
        reader.GetString(6),
        reader.GetBoolean(7),
        reader.GetFieldValue<DateTimeOffset>(8),
        reader.GetString(9),
        reader.IsDBNull(10) ? null : reader.GetString(10),
        reader.IsDBNull(11) ? null : reader.GetFieldValue<DateTimeOffset>(11));

    /// <summary>Adds the endpoint and its secret; over an endpoint of the same id (the demo's), it replaces
    /// both.</summary>
    public void Insert(NpgsqlBatch batch, SealedSecret secret)
    {
        var endpoint = batch.CreateBatchCommand();
        endpoint.CommandText =
            """
            insert into webhook_endpoints (
              id, merchant_id, environment, url, origin, events, description, ordering, body_signature, created_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (id) do update set
              url = excluded.url, origin = excluded.origin, status = 'enabled', disabled_reason = null,
              disabled_at = null, deleted_at = null
            """;
        endpoint.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Id });
        endpoint.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = MerchantId });
        endpoint.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Environment });
        endpoint.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Url });
        endpoint.Parameters.Add(new NpgsqlParameter<string> { TypedValue = EndpointUrl.OriginOf(Url) });
        endpoint.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = Events });
        endpoint.Parameters.AddNullable(Description, NpgsqlDbType.Text);
        endpoint.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Ordering });
        endpoint.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = BodySignature });
        endpoint.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = CreatedAt });
        batch.BatchCommands.Add(endpoint);

        var sealedSecret = batch.CreateBatchCommand();
        sealedSecret.CommandText =
            """
            insert into webhook_secrets (endpoint_id, key_id, sealed) values ($1, $2, $3)
            on conflict (endpoint_id) do update set
              key_id = excluded.key_id, sealed = excluded.sealed, next_key_id = null, next_sealed = null,
              overlap_until = null
            """;
        sealedSecret.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Id });
        sealedSecret.Parameters.Add(new NpgsqlParameter<string> { TypedValue = secret.KeyId });
        sealedSecret.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = secret.Bytes });
        batch.BatchCommands.Add(sealedSecret);
    }
}
