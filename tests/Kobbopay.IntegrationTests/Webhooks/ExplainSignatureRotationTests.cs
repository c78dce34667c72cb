using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using Kobbopay.Webhooks.Endpoints;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Which of an endpoint's secrets has signed, in each state of a rotation.</summary>
public sealed class ExplainSignatureRotationTests(EndpointTests.OneHouse one) : IClassFixture<EndpointTests.OneHouse>
{
    private const string Begin =
        "update webhook_secrets set next_key_id = $2, next_sealed = $3, overlap_until = $4 where endpoint_id = $1";

    private const string Complete =
        """
        update webhook_secrets set previous_key_id = key_id, previous_sealed = sealed, previous_retired_at = $4,
          key_id = $2, sealed = $3, next_key_id = null, next_sealed = null, overlap_until = null
        where endpoint_id = $1
        """;

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Fact]
    public async Task During_an_overlap_both_secrets_are_right_and_the_answer_tells_which_it_was()
    {
        var (merchant, endpoint) = await EndpointAsync();
        var (old, next) = (endpoint.Text("secret"), WebhookSecret.Create());
        await ExecuteAsync(one.House, endpoint, Begin, next, Now.AddHours(1));

        var both = Sign(merchant, endpoint, old, next);
        (await both.ExplainAsync()).Should().Be(both.Matched("valid", "webhook-signature"));
        both.Signatures.Should().HaveCount(3).And.OnlyContain(finding => finding.Verdict == "valid");

        var byNext = Sign(merchant, endpoint, next);
        (await byNext.ExplainAsync()).Should().Be(
            byNext.Matched("valid", "webhook-signature") with { Secret = "next" });
        byNext.Explanation.Should().StartWith("The new secret of");
    }

    [Fact]
    public async Task An_overlap_that_has_ended_is_a_finished_rotation()
    {
        var (merchant, endpoint) = await EndpointAsync();
        var next = WebhookSecret.Create();
        await ExecuteAsync(one.House, endpoint, Begin, next, Now.AddMinutes(-1));

        var old = Sign(merchant, endpoint, endpoint.Text("secret"));
        (await old.ExplainAsync()).Should().Be(
            old.Matched("old_secret", "webhook-signature") with { Secret = "previous" });
        var current = Sign(merchant, endpoint, next);
        (await current.ExplainAsync()).Should().Be(current.Matched("valid", "webhook-signature"));
    }

    [Fact]
    public async Task A_retired_secret_is_recognised_for_30_days()
    {
        var (merchant, endpoint) = await EndpointAsync();
        var old = Sign(merchant, endpoint, endpoint.Text("secret"));
        await ExecuteAsync(one.House, endpoint, Complete, WebhookSecret.Create(), Now.AddDays(-30).AddMinutes(1));

        (await old.ExplainAsync()).Should().Be(
            old.Matched("old_secret", "webhook-signature") with { Secret = "previous" });
        old.Signatures.Should().HaveCount(3).And.OnlyContain(finding => finding.Verdict == "old_secret");

        await ExecuteAsync(one.House, endpoint, Complete, WebhookSecret.Create(), Now.AddDays(-30).AddMinutes(-1));
        (await old.ExplainAsync()).Verdict.Should().Be("delivery_unknown");
    }

    [Fact]
    public async Task After_30_days_a_retired_secret_is_erased_and_a_younger_one_is_not()
    {
        await using var house = await WebhooksHouse.StartAsync();
        var merchant = house.NewMerchant();
        var aged = await merchant.EndpointAsync(new Uri("https://shop.example/"));
        var young = await merchant.EndpointAsync(new Uri("https://shop.example/"));
        await ExecuteAsync(house, aged, Complete, WebhookSecret.Create(), Now.AddDays(-31));
        await ExecuteAsync(house, young, Complete, WebhookSecret.Create(), Now.AddDays(-29));

        await house.StopAsync();
        await house.StartAgainAsync();

        var left = await Eventually.GetAsync(
            () => house.QueryAsync<Guid[]>(
                "select array_agg(endpoint_id) from webhook_secrets where previous_sealed is not null"),
            endpoints => endpoints.Length == 1);
        left.Should().Equal(IdOf(young));
        (await house.QueryAsync<long>("select count(*) from webhook_secrets where sealed is not null")).Should().Be(2);
    }

    [Fact]
    public async Task A_retired_secret_whose_key_has_left_the_ring_is_a_forgotten_one()
    {
        var (merchant, endpoint) = await EndpointAsync();
        var old = Sign(merchant, endpoint, endpoint.Text("secret"));
        var current = WebhookSecret.Create();
        await ExecuteAsync(one.House, endpoint, Complete, current, Now);
        await one.House.QueryAsync<string>(
            $"""
             update webhook_secrets set previous_key_id = 'gone' where endpoint_id = '{IdOf(endpoint)}'
             returning previous_key_id
             """);

        (await old.ExplainAsync()).Verdict.Should().Be("delivery_unknown");
        (await Sign(merchant, endpoint, current).ExplainAsync()).Verdict.Should().Be("valid");
    }

    private static async Task ExecuteAsync(
        WebhooksHouse house, Answer endpoint, string statement, string secret, DateTimeOffset time)
    {
        var box = house.Services.GetRequiredService<SecretVault>().Seal(IdOf(endpoint), secret);
#pragma warning disable CA2100 // The constants above.
        await using var command = house.Sql.CreateCommand(statement);
#pragma warning restore CA2100
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = IdOf(endpoint) });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = box.KeyId });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = box.Bytes });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = time });
        (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).Should().Be(1);
    }

    private static Guid IdOf(Answer endpoint) =>
        Id.TryParse(Id.WebhookEndpoint, endpoint.Text("id"), out var id) ? id : throw new FormatException();

    private static Sent Sign(TestMerchant merchant, Answer endpoint, string secret, string? next = null) => new(
        merchant,
        endpoint,
        new Dictionary<string, string>(WebhookSignature.Sign(
            Id.Format(Id.Event, Id.New(TimeProvider.System)), Now, "{}"u8, secret, next)),
        "{}"u8.ToArray());

    private async Task<(TestMerchant Merchant, Answer Endpoint)> EndpointAsync()
    {
        var merchant = one.House.NewMerchant();
        return (merchant, await merchant.EndpointAsync(new Uri("https://shop.example/")));
    }
}
