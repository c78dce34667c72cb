using Kobbopay.ServiceDefaults.Data;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Endpoints;

/// <summary>A row of <c>webhook_endpoints</c>.</summary>
/// <param name="OverlapUntil">Of its secrets: how long the old one stays valid, when there was a rotation.</param>
internal sealed record EndpointRow(
    Guid Id,
    Guid MerchantId,
    string Environment,
    string Url,
    string[] Events,
    string? Description,
    string Ordering,
    bool BodySignature,
    int? RateLimit,
    string[] HeaderNames,
    DateTimeOffset CreatedAt,
    string Status = "enabled",
    string? DisabledReason = null,
    DateTimeOffset? DisabledAt = null,
    DateTimeOffset? OverlapUntil = null)
{
    /// <summary>The columns of <c>webhook_endpoints</c> that <see cref="Read"/> takes, in its order; a statement gives
    /// the table no other name.</summary>
    public const string Columns =
        "id, merchant_id, environment, url, events, description, ordering, body_signature, rate_limit, header_names, "
        + "created_at, status, disabled_reason, disabled_at, "
        + "(select s.overlap_until from webhook_secrets s where s.endpoint_id = webhook_endpoints.id)";

    /// <summary>The one endpoint that a request names, with the parameters of <see cref="AddTarget"/>.</summary>
    public const string IsTarget = "id = $1 and merchant_id = $2 and environment = $3 and deleted_at is null";

    public static void AddTarget(NpgsqlParameterCollection parameters, Guid endpointId, MerchantIdentity merchant)
    {
        parameters.Add(new NpgsqlParameter<Guid> { TypedValue = endpointId });
        parameters.AddOwner(merchant);
    }

    /// <summary>The endpoint that the command's statement returns.</summary>
    /// <exception cref="ProblemException"><c>not_found</c>: it returned none.</exception>
    public static async Task<EndpointRow> ReadOneAsync(NpgsqlCommand command, CancellationToken cancellation)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Read(reader) : throw ReadEndpoints.NotFound();
    }

    public static EndpointRow Read(NpgsqlDataReader reader) => new(
        reader.GetGuid(0),
        reader.GetGuid(1),
        reader.GetString(2),
        reader.GetString(3),
        reader.GetFieldValue<string[]>(4),
        reader.IsDBNull(5) ? null : reader.GetString(5),
        reader.GetString(6),
        reader.GetBoolean(7),
        reader.IsDBNull(8) ? null : reader.GetInt32(8),
        reader.GetFieldValue<string[]>(9),
        reader.GetFieldValue<DateTimeOffset>(10),
        reader.GetString(11),
        reader.IsDBNull(12) ? null : reader.GetString(12),
        reader.IsDBNull(13) ? null : reader.GetFieldValue<DateTimeOffset>(13),
        reader.IsDBNull(14) ? null : reader.GetFieldValue<DateTimeOffset>(14));

    /// <summary>Adds the endpoint and its secret; over an endpoint of the same id (the demo's), it replaces
    /// both.</summary>
    public void Insert(NpgsqlBatch batch, SealedSecret secret, SealedSecret? headers)
    {
        var endpoint = batch.CreateBatchCommand();
        endpoint.CommandText =
            """
            insert into webhook_endpoints (
              id, merchant_id, environment, url, origin, events, description, ordering, body_signature, created_at,
              rate_limit, header_names)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
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
        endpoint.Parameters.AddNullable(RateLimit, NpgsqlDbType.Integer);
        endpoint.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = HeaderNames });
        batch.BatchCommands.Add(endpoint);

        var sealedSecret = batch.CreateBatchCommand();
        sealedSecret.CommandText =
            """
            insert into webhook_secrets (endpoint_id, key_id, sealed, headers_key_id, headers_sealed)
            values ($1, $2, $3, $4, $5)
            on conflict (endpoint_id) do update set
              key_id = excluded.key_id, sealed = excluded.sealed, next_key_id = null, next_sealed = null,
              overlap_until = null
            """;
        sealedSecret.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = Id });
        sealedSecret.Parameters.Add(new NpgsqlParameter<string> { TypedValue = secret.KeyId });
        sealedSecret.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = secret.Bytes });
        sealedSecret.Parameters.AddNullable(headers?.KeyId, NpgsqlDbType.Text);
        sealedSecret.Parameters.AddNullable(headers?.Bytes, NpgsqlDbType.Bytea);
        batch.BatchCommands.Add(sealedSecret);
    }
}
