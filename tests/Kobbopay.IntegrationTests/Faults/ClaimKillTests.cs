using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.Webhooks;
using Kobbopay.LocalServers;
using Kobbopay.ServiceDefaults;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Faults;

/// <summary>
/// Payments killed in the middle of a claim, when Webhooks has made the endpoint and nothing of the claim is committed:
/// the link is still good, and whoever repeats the claim gets one key and one endpoint, with the secret that signs.
/// </summary>
public sealed class ClaimKillTests
{
    private static readonly string BackKey = new('b', 43);

    [Fact]
    public async Task A_claim_that_was_killed_half_way_is_repeated_and_makes_one_key_and_one_endpoint()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var payments = await MortalPayments.CreateAsync();
        await using var webhooks = await StartWebhooksAsync(payments);
        payments.Start("claim.endpoint_made");
        var link = (await payments.OperateAsync(
            $"/v1/operator/merchants/{Id.Format(Id.Merchant, payments.Merchant)}/claims",
            """{"environment":"test"}""", "link")).Json;
        var token = ((string)link["url"]!).Split('#')[1];

        var claimed = (await payments.PostAsync(
            "/v1/claims",
            $$"""
            {"token":"{{token}}","code":"{{link["code"]}}","webhookUrl":"{{receiver.Url}}"}
            """,
            "claims ignore it")).Json;

        payments.Deaths.Should().Be(1, "the fault point has to be one that is passed");
        (await webhooks.QueryAsync<string>("select string_agg(id::text, ' ') from webhook_endpoints"))
            .Should().Be(Parse(Id.WebhookEndpoint, (string)claimed["webhookEndpoint"]!["id"]!));
        (await payments.QueryAsync<string>("select string_agg(id::text, ' ') from api_keys"))
            .Should().Be(Parse(Id.ApiKey, (string)claimed["apiKey"]!["id"]!));
        (await payments.QueryAsync<string>(
            "select string_agg(entry::jsonb ->> 'action', ' ' order by sequence) from audit_log"))
            .Should().Be("claim.issued claim.claimed");
        await payments.PostAsync(
            "/v1/payments",
            """{"amount": 1, "currency": "USDT", "network": "example-network", "orderId": "first"}""", "first");
        (await receiver.ReceiveAsync(1))[0].Verify((string)claimed["webhookEndpoint"]!["secret"]!)
            [WebhookSchemes.Kobbopay].Should().Be(WebhookVerdict.Valid);
    }

    private static async Task<WebhooksHouse> StartWebhooksAsync(MortalPayments payments)
    {
        var url = $"http://127.0.0.1:{LoopbackPorts.Free(1)[0]}";
        payments.Environment[$"services__{ResourceNames.Webhooks}__http__0"] = url;
        payments.Environment[$"Identity__Issue__{ResourceNames.Webhooks}"] = BackKey;
        return await WebhooksHouse.StartAsync(
            clock: null,
            "--Egress:AllowedCidrs:0=127.0.0.0/8",
            $"--ConnectionStrings:{ResourceNames.Messaging}={payments.Broker}",
            $"--services:{ResourceNames.Payments}:http:0={payments.Url}",
            $"--Identity:Issue:{ResourceNames.Payments}={Dispatchers.PaymentsKey}",
            $"--Identity:Accept:{ResourceNames.Payments}:0={BackKey}",
            $"--urls={url}");
    }

    private static string Parse(string kind, string id) =>
        Id.TryParse(kind, id, out var parsed) ? parsed.ToString() : id;
}
