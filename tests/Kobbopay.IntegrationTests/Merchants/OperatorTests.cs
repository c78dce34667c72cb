using Kobbopay.Contracts;

namespace Kobbopay.IntegrationTests.Merchants;

public sealed class OperatorTests : MerchantsHouse
{
    private string Merchant => Id.Format(Id.Merchant, Host.Merchant.MerchantId);

    [Theory]
    [InlineData("GET", "/v1/operator/access-requests")]
    [InlineData("GET", "/v1/operator/merchants")]
    [InlineData("GET", "/v1/operator/audit-log")]
    [InlineData("GET", "/v1/operator/audit-log/verify")]
    [InlineData("POST", "/v1/operator/merchants/mer_1/suspend")]
    public async Task Operators_routes_are_for_operators_alone(string method, string path)
    {
        var verb = new HttpMethod(method);

        (await Host.SendPublicAsync(verb, path, "{}")).Code.Should().Be("authentication_required");
        (await Host.SendAsync(verb, path, "{}")).Code.Should().Be("authentication_required");
        (await Host.OperateAsync(HttpMethod.Get, "/v1/payments")).Code.Should().Be("authentication_required");
    }

    [Fact]
    public async Task A_suspended_merchant_reads_and_changes_nothing_until_it_is_resumed()
    {
        var key = await KeyAsync();
        (await PostAsync($"/v1/operator/merchants/{Merchant}/suspend", """{"reason":"Complaints."}"""))
            .Status.Should().Be(200);

        var suspended = (await Host.LookUpAsync(key))!;
        suspended.Version.Should().Be(2);
        suspended.Scopes.Should().Equal("events:read", "payments:read", "suspended");
        var identity = Host.Merchant with { Scopes = suspended.Scopes };
        (await Host.SendAsync(HttpMethod.Get, "/v1/payments", merchant: identity)).Status.Should().Be(200);
        var refused = await Host.SendAsync(HttpMethod.Post, "/v1/payments", "{}", identity);
        (refused.Code, (string)refused.Json["detail"]!).Should().Be(
            ("insufficient_scope", "The merchant is suspended: its keys can read, and change nothing."));

        (await PostAsync($"/v1/operator/merchants/{Merchant}/resume", """{"reason":"Settled."}"""))
            .Status.Should().Be(200);
        (await Host.LookUpAsync(key)).Should().BeEquivalentTo(
            new { Version = 3, Scopes = new[] { "events:read", "payments:read", "payments:write" } });
        (await ActionsAsync()).Should().Equal("api_key.created", "merchant.suspended", "merchant.resumed");
    }

    [Fact]
    public async Task A_closed_merchant_has_no_key_and_no_link_and_stays_closed()
    {
        var key = await KeyAsync();
        var link = Opening((await PostAsync(
            $"/v1/operator/merchants/{Merchant}/claims", """{"environment":"test"}""")).Json);

        (await PostAsync($"/v1/operator/merchants/{Merchant}/close")).Pointer.Should().Be("/reason");
        var closed = await PostAsync($"/v1/operator/merchants/{Merchant}/close", """{"reason":"Gone."}""");

        ((string)closed.Json["status"]!, (string)closed.Json["statusReason"]!,
            (string)closed.Json["claims"]![0]!["status"]!).Should().Be(("closed", "Gone.", "revoked"));
        (await Host.LookUpAsync(key)).Should().BeNull();
        (await ClaimAsync(link.Token, link.Code)).Code.Should().Be("claim_ended");
        foreach (var verb in new[] { "resume", "suspend", "close", "waive-certification" })
        {
            (await PostAsync($"/v1/operator/merchants/{Merchant}/{verb}", """{"reason":"again"}"""))
                .Code.Should().Be("merchant_closed");
        }

        (await PostAsync($"/v1/operator/merchants/{Merchant}/claims", """{"environment":"test"}"""))
            .Code.Should().Be("merchant_closed");
        ((string)(await ReadAsync("/v1/operator/merchants?status=closed"))["data"]![0]!["id"]!).Should().Be(Merchant);
    }

    [Fact]
    public async Task What_an_operator_grants_reaches_the_keys()
    {
        var key = await KeyAsync();

        var granted = await Host.OperateAsync(
            HttpMethod.Put, $"/v1/operator/merchants/{Merchant}/environments/test",
            """{"rails":[{"network":"example-network","currency":"DAI"}],"requestsPerSecond":250}""");

        granted.Status.Should().Be(200, granted.Body);
        (await Host.LookUpAsync(key)).Should().BeEquivalentTo(new { Version = 2, RequestsPerSecond = 250 });
        (await Host.SendAsync(HttpMethod.Get, "/v1/rails")).Json["data"]!.AsArray()
            .Select(rail => (string)rail!["currency"]!).Should().Equal("DAI");
    }

    [Fact]
    public async Task A_claim_is_only_of_an_environment_that_was_granted()
    {
        var (merchant, _, _) = await ApproveAsync();

        (await PostAsync($"/v1/operator/merchants/{merchant}/claims", """{"environment":"live"}"""))
            .Pointer.Should().Be("/environment");
        (await PostAsync($"/v1/operator/merchants/{merchant}/claims", """{"environment":"prod"}"""))
            .Pointer.Should().Be("/environment");
        (await PostAsync("/v1/operator/merchants/mer_1/claims", """{"environment":"test"}"""))
            .Code.Should().Be("not_found");
    }

    [Fact]
    public async Task Settings_can_be_changed_for_a_merchant()
    {
        var changed = await Host.OperateAsync(
            HttpMethod.Patch, $"/v1/operator/merchants/{Merchant}/environments/test", """{"lateWindowSeconds":60}""");

        ((int)changed.Json["settings"]!["lateWindowSeconds"]!).Should().Be(60);
        (await Host.OperateAsync(
            HttpMethod.Patch, $"/v1/operator/merchants/{Merchant}/environments/other", "{}")).Code
            .Should().Be("not_found");
    }

    private async Task<string> KeyAsync() => (string)(await Host.SendAsync(
        HttpMethod.Post, "/v1/api-keys",
        """{"label":"x","scopes":["payments:read","payments:write","events:read"]}""")).Json["key"]!;
}
