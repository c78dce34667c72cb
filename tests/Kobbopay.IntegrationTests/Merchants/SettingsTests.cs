using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Merchants;

public sealed class SettingsTests : MerchantsHouse
{
    private const string Payment = """
        {"amount":"10","currency":"USDT","network":"example-network","orderId":"order-1"}
        """;

    [Fact]
    public async Task The_account_tells_everything_of_its_environment_and_nothing_of_the_other()
    {
        var account = (await Host.SendAsync(HttpMethod.Get, "/v1/account")).Json.AsObject();

        account.Remove("createdAt").Should().BeTrue();
        account.ToJsonString().Should().Be(OneLine($$$"""
            {
              "id": "{{{Id.Format(Id.Merchant, Host.Merchant.MerchantId)}}}", "environment": "test",
              "status": "active", "requestsPerSecond": null,
              "certification": {"status": "missing", "id": null, "at": null},
              "xpubs": [],
              "settings": {
                "displayName": "Test Shop", "orderIdPolicy": "unique_open", "lateWindowSeconds": 3600,
                "toleranceBasisPoints": 0, "toleranceCap": null, "review": [],
                "returnUrlHosts": ["shop.example.com"], "defaultExpirySeconds": 3600,
                "rails": [
                  {"network": "example-network", "currency": "USDT", "enabled": true, "requiredConfirmations": 3,
                   "ownConfirmations": null},
                  {"network": "example-network", "currency": "USDC", "enabled": true, "requiredConfirmations": 3,
                   "ownConfirmations": null},
                  {"network": "example-network", "currency": "DAI", "enabled": true, "requiredConfirmations": 3,
                   "ownConfirmations": null}
                ]
              }
            }
            """));
        (await PatchAsync("""{"displayName":"Other"}""")).Status.Should().Be(200);
        var live = await Host.SendAsync(
            HttpMethod.Get, "/v1/account", merchant: Host.Merchant with { Environment = MerchantEnvironments.Live });
        ((string)live.Json["settings"]!["displayName"]!).Should().Be("Test Shop");
    }

    [Fact]
    public async Task Every_setting_can_be_changed_and_what_is_left_out_stays()
    {
        const string all = """
            {"displayName":"Shoes","orderIdPolicy":"allow_many","lateWindowSeconds":0,"toleranceBasisPoints":50,
             "toleranceCap":"0.5","review":["late"],"returnUrlHosts":["www.Example.com","bücher.example"],
             "defaultExpirySeconds":900}
            """;
        var settings = (await PatchAsync(all)).Json["settings"]!.AsObject();
        settings.Remove("rails").Should().BeTrue();
        settings.ToJsonString().Should().Be(OneLine("""
            {
              "displayName": "Shoes", "orderIdPolicy": "allow_many", "lateWindowSeconds": 0,
              "toleranceBasisPoints": 50, "toleranceCap": "0.5", "review": ["late"],
              "returnUrlHosts": ["www.example.com", "xn--bcher-kva.example"], "defaultExpirySeconds": 900
            }
            """));

        var one = (await PatchAsync("""{"toleranceCap":null}""")).Json["settings"]!.AsObject();
        one.Remove("rails").Should().BeTrue();
        settings["toleranceCap"] = null;
        one.ToJsonString().Should().Be(settings.ToJsonString());

        var created = (await Host.CreateAsync(Payment)).Json;
        (DateTimeOffset.Parse((string)created["expiresAt"]!) - DateTimeOffset.Parse((string)created["createdAt"]!))
            .Should().Be(TimeSpan.FromSeconds(900));
        (await Host.CreateAsync(Payment)).Status.Should().Be(201, "many payments of an order are allowed now");
    }

    [Theory]
    [InlineData("""{"displayName":""}""", "/displayName")]
    [InlineData("""{"orderIdPolicy":"some"}""", "/orderIdPolicy")]
    [InlineData("""{"lateWindowSeconds":-1}""", "/lateWindowSeconds")]
    [InlineData("""{"toleranceBasisPoints":1001}""", "/toleranceBasisPoints")]
    [InlineData("""{"toleranceCap":"1e3"}""", "/toleranceCap")]
    [InlineData("""{"toleranceCap":"-1"}""", "/toleranceCap")]
    [InlineData("""{"toleranceCap":"0.1234567890123456789"}""", "/toleranceCap")]
    [InlineData("""{"review":["all"]}""", "/review")]
    [InlineData("""{"returnUrlHosts":["https://shop.example.com"]}""", "/returnUrlHosts/0")]
    [InlineData("""{"returnUrlHosts":["127.0.0.1"]}""", "/returnUrlHosts/0")]
    [InlineData("""{"returnUrlHosts":[null]}""", "/returnUrlHosts/0")]
    [InlineData("""{"defaultExpirySeconds":299}""", "/defaultExpirySeconds")]
    [InlineData("""{"rails":[{"network":"example-network","currency":"EUR"}]}""", "/rails/0")]
    [InlineData("""{"rails":[null]}""", "/rails/0")]
    [InlineData(
        """{"rails":[{"network":"example-network","currency":"USDT","ownConfirmations":0}]}""",
        "/rails/0/ownConfirmations")]
    [InlineData("""{"requestsPerSecond":1000}""", "/requestsPerSecond")]
    public async Task What_is_wrong_is_named_and_changes_nothing(string json, string pointer)
    {
        var before = (await Host.SendAsync(HttpMethod.Get, "/v1/account")).Body;

        var answer = await PatchAsync(json);

        (answer.Status, answer.Pointer).Should().Be((422, pointer));
        (await Host.SendAsync(HttpMethod.Get, "/v1/account")).Body.Should().Be(before);
        (await Host.CountAsync("audit_log")).Should().Be(0);
    }

    [Fact]
    public async Task A_rail_that_is_switched_off_takes_no_payment_and_the_refusal_lists_the_others()
    {
        await PatchAsync("""{"rails":[{"network":"example-network","currency":"USDT","enabled":false}]}""");

        var refused = await Host.CreateAsync(Payment);

        (refused.Code, refused.Pointer).Should().Be(("unsupported_rail", "/currency"));
        ((string)refused.Json["detail"]!).Should()
            .Be("Enabled are: USDC on example-network, DAI on example-network.");
        (await Host.SendAsync(HttpMethod.Get, "/v1/rails")).Json["data"]!.AsArray()
            .Select(rail => (string)rail!["currency"]!).Should().Equal("USDC", "DAI");
        await PatchAsync("""{"rails":[{"network":"example-network","currency":"USDT","enabled":true}]}""");
        (await Host.CreateAsync(Payment)).Status.Should().Be(201);
    }

    [Fact]
    public async Task More_confirmations_than_the_operator_asks_for_can_be_had_and_fewer_not()
    {
        var merchant = Id.Format(Id.Merchant, Host.Merchant.MerchantId);
        (await Host.OperateAsync(
            HttpMethod.Put, $"/v1/operator/merchants/{merchant}/environments/test",
            """{"rails":[{"network":"example-network","currency":"USDT","confirmations":5}]}""")).Status
            .Should().Be(200);

        foreach (var (own, required) in new[] { ("null", 5), ("4", 5), ("9", 9) })
        {
            await PatchAsync(
                $$"""{"rails":[{"network":"example-network","currency":"USDT","ownConfirmations":{{own}}}]}""");
            var payment = await Host.CreateAsync(Payment.Replace("order-1", $"order-{own}", StringComparison.Ordinal));
            ((int)payment.Json["requiredConfirmations"]!).Should().Be(required);
            ((int)(await Host.SendAsync(HttpMethod.Get, "/v1/rails")).Json["data"]![0]!["requiredConfirmations"]!)
                .Should().Be(required);
        }

        (await Host.CreateAsync(Payment.Replace("USDT", "USDC", StringComparison.Ordinal))).Code
            .Should().Be("unsupported_rail", "only what is granted is there");
    }

    [Fact]
    public async Task A_payment_waits_for_the_confirmations_that_its_merchant_asked_for()
    {
        await PatchAsync("""{"rails":[{"network":"example-network","currency":"USDT","ownConfirmations":9}]}""");
        var id = (string)(await Host.CreateAsync(Payment)).Json["payment_id"]!;

        (await Host.SendAsync(HttpMethod.Post, $"/v1/sandbox/payments/{id}/pay")).Status.Should().Be(200);
        await MineAsync(7);
        var paid = await SeeAsync(id, payment => (int)payment["confirmations"]! == 8);
        ((string)paid["status"]!, (int)paid["requiredConfirmations"]!).Should().Be(("Paid", 9));
        await MineAsync(1);
        await SeeAsync(id, payment => (string)payment["status"]! == "Confirmed");
    }

    [Fact]
    public async Task A_change_is_in_the_audit_log_with_what_was_before_and_no_change_is_not()
    {
        await PatchAsync("""{"toleranceBasisPoints":10,"displayName":"Test Shop"}""");
        await PatchAsync("""{"toleranceBasisPoints":10}""");

        var entry = (await ReadAsync("/v1/operator/audit-log"))["data"]!.AsArray().Single()!["entry"]!;
        ((string)entry["action"]!, (string)entry["actor"]!).Should().Be(
            ("settings.changed", Id.Format(Id.ApiKey, Host.Merchant.KeyId)));
        entry["details"]!.ToJsonString().Should().Be("""{"toleranceBasisPoints":{"from":0,"to":10}}""");
    }

    private Task<ApiAnswer> MineAsync(int blocks) => Host.SendAsync(
        HttpMethod.Post, "/v1/sandbox/networks/example-network/mine", $$"""{"blocks":{{blocks}}}""");

    private Task<JsonNode> SeeAsync(string id, Func<JsonNode, bool> condition) => Eventually.GetAsync(
        async () => (await Host.SendAsync(HttpMethod.Get, $"/v1/payments/{id}")).Json, condition);

    private Task<ApiAnswer> PatchAsync(string json) => Host.SendAsync(HttpMethod.Patch, "/v1/account", json);
}
