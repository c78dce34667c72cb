using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;
using Npgsql;
using NpgsqlTypes;

namespace Kobbopay.Webhooks.Deliveries;

/// <summary>Why an endpoint is disabled.</summary>
internal static class DisableReasons
{
    /// <summary>It answered 410.</summary>
    public const string Gone = "gone";

    /// <summary>Its answer carried <c>webhook-delivery: disable</c>.</summary>
    public const string Asked = "asked";

    /// <summary>It has failed for five days (<see cref="FailureRule"/>).</summary>
    public const string Failing = "failing";
}

/// <summary>
/// Warns a merchant of an endpoint that fails, and disables one that has failed for long or asks for it (contracts.md,
/// section 4). Each is one statement with its event, which goes to the merchant's other endpoints and the feed.
/// </summary>
public sealed class EndpointTrouble(NpgsqlDataSource database, Signal<OutboxRelay> relay, TimeProvider clock)
{
    private const string Disable = """
        with disabled as (
          update webhook_endpoints set status = 'disabled', disabled_reason = $5, disabled_at = $6
          where id = $7 and status = 'enabled' returning id)
        insert into outbox (id, message_type, body, traceparent) select $1, $2, $3, $4 from disabled
        """;

    private const string Warn = """
        with warned as (
          update endpoint_state set warned_at = $5
          where endpoint_id = $6 and warned_at is null and failing_since is not null returning endpoint_id)
        insert into outbox (id, message_type, body, traceparent) select $1, $2, $3, $4 from warned
        """;

    /// <summary>Yields the endpoints that are disabled now.</summary>
    public async Task<List<Guid>> JudgeAsync(
        IReadOnlyList<DeliveryResult> results, IReadOnlyList<FailingEndpoint> failing, CancellationToken cancellation)
    {
        var disabled = new List<Guid>();
        var asking = results.Where(r => r.DisableReason is not null).DistinctBy(r => r.Delivery.Target.EndpointId);
        foreach (var result in asking)
        {
            await DisableAsync(result.Delivery.Target, result.DisableReason!, failing: null, cancellation);
            disabled.Add(result.Delivery.Target.EndpointId);
        }

        foreach (var endpoint in failing.ExceptBy(disabled, one => one.EndpointId))
        {
            var target = results.First(r => r.Delivery.Target.EndpointId == endpoint.EndpointId).Delivery.Target;
            var time = clock.GetUtcNow() - endpoint.FailingSince;
            if (FailureRule.Disables(time, endpoint.Failures, endpoint.EventsDiffer))
            {
                await DisableAsync(target, DisableReasons.Failing, endpoint, cancellation);
                disabled.Add(endpoint.EndpointId);
            }
            else if (!endpoint.IsWarned && FailureRule.Warns(time, endpoint.Failures))
            {
                await WarnAsync(target, endpoint, cancellation);
            }
        }

        return disabled;
    }

    private Task DisableAsync(
        DeliveryTarget target, string reason, FailingEndpoint? failing, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        return PublishAsync(
            Disable,
            target,
            EventTypes.EndpointDisabled,
            new EndpointTroubleData(
                TroubledEndpoint.Of(target), failing?.FailingSince, failing?.Failures, reason, now, DisablesAt: null),
            parameters =>
            {
                parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
                parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
                parameters.Add(new NpgsqlParameter<Guid> { TypedValue = target.EndpointId });
            },
            cancellation);
    }

    private Task WarnAsync(DeliveryTarget target, FailingEndpoint failing, CancellationToken cancellation) =>
        PublishAsync(
            Warn,
            target,
            EventTypes.EndpointFailing,
            new EndpointTroubleData(
                TroubledEndpoint.Of(target), failing.FailingSince, failing.Failures, Reason: null, DisabledAt: null,
                failing.FailingSince + FailureRule.DisableAfter),
            parameters =>
            {
                parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = clock.GetUtcNow() });
                parameters.Add(new NpgsqlParameter<Guid> { TypedValue = target.EndpointId });
            },
            cancellation);

    private async Task PublishAsync(
        string statement,
        DeliveryTarget target,
        string type,
        EndpointTroubleData data,
        Action<NpgsqlParameterCollection> add,
        CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        var request = new MerchantEventRequested(
            Id.New(now), target.MerchantId, target.Environment, type, EventTypes.ObjectOf(type), now,
            JsonSerializer.SerializeToUtf8Bytes(data, WebhooksJson.Default.EndpointTroubleData), target.EndpointId,
            TraceParent: null);
#pragma warning disable CA2100 // One of the two above.
        await using var command = database.CreateCommand(statement);
#pragma warning restore CA2100
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = request.EventId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = nameof(MerchantEventRequested) });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = Outbox.Write(request) });
        command.Parameters.Add(new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        add(command.Parameters);
        if (await command.ExecuteNonQueryAsync(cancellation) > 0)
            relay.Set();
    }
}

/// <summary>The <c>data</c> of <c>webhook_endpoint.failing</c> and <c>webhook_endpoint.disabled</c>.</summary>
/// <param name="FailingSince">The first failure since the last success; null when it was disabled on
/// request.</param>
/// <param name="Failures">Failed attempts since then.</param>
/// <param name="Reason">Of disabling (<see cref="DisableReasons"/>).</param>
/// <param name="DisablesAt">When it will be disabled, unless it succeeds before.</param>
internal sealed record EndpointTroubleData(
    TroubledEndpoint WebhookEndpoint,
    DateTimeOffset? FailingSince,
    int? Failures,
    string? Reason,
    DateTimeOffset? DisabledAt,
    DateTimeOffset? DisablesAt);

internal sealed record TroubledEndpoint(string Id, string Url)
{
    public static TroubledEndpoint Of(DeliveryTarget target) =>
        new(Contracts.Id.Format(Contracts.Id.WebhookEndpoint, target.EndpointId), target.Url);
}
