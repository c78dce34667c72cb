using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Replays as a merchant asks for them, and deliveries that have ended already.</summary>
internal static class Replaying
{
    public static Task<Answer> RecoverAsync(TestMerchant merchant, Answer endpoint, DateTimeOffset since) =>
        merchant.PostAsync($"{endpoint.Location}/recover", new { since = since.UtcDateTime.ToString("O") });

    public static Task<Answer> ReplayMissingAsync(TestMerchant merchant, Answer endpoint, DateTimeOffset since) =>
        merchant.PostAsync($"{endpoint.Location}/replay-missing", new { since = since.UtcDateTime.ToString("O") });

    public static Task<Answer> DoneAsync(TestMerchant merchant, Answer started)
    {
        started.Status.Should().Be(202, started.Body.ToString());
        return Eventually.GetAsync(
            () => merchant.GetAsync(started.Location!), replay => replay.Text("status") != "running");
    }

    /// <summary>Deliveries of as many events, all of that time and with that end.</summary>
    public static async Task SeedAsync(
        TestMerchant merchant, Answer endpoint, string status, int count, DateTimeOffset at)
    {
        Id.TryParse(Id.WebhookEndpoint, endpoint.Text("id"), out var endpointId).Should().BeTrue();
        await using var command = merchant.House.Sql.CreateCommand(
            """
            with seeded as (
              insert into webhook_events (id, merchant_id, environment, type, payment_id, version, body, created_at)
              select new_id($4), $1, 'test', 'payment.paid', new_id($4), 1, '{}', $4 from generate_series(1, $5)
              returning id, payment_id)
            insert into deliveries (id, merchant_id, environment, endpoint_id, event_id, event_type, payment_id, status,
              created_at, finished_at)
            select new_id($4), $1, 'test', $2, id, 'payment.paid', payment_id, $3, $4, $4 from seeded
            """);
        command.Parameters.Add(new() { Value = merchant.Identity.MerchantId });
        command.Parameters.Add(new() { Value = endpointId });
        command.Parameters.Add(new() { Value = status });
        command.Parameters.Add(new() { Value = at });
        command.Parameters.Add(new() { Value = count });
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
