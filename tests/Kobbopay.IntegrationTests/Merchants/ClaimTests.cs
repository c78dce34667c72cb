using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.Payments.Merchants;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Merchants;

public sealed class ClaimTests : MerchantsHouse
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task The_link_and_the_code_give_the_materials_once_and_the_key_works()
    {
        var (merchant, token, code) = await ApproveAsync();

        var preview = await Host.SendPublicAsync(
            HttpMethod.Post, "/v1/claims/preview", $$"""{"token":"{{token}}","code":"{{code}}"}""");
        preview.Body.Should().Be(OneLine($$"""
            {
              "merchantId": "{{merchant}}", "displayName": "Shop", "environment": "test", "kind": "materials",
              "networks": [], "xpubs": []
            }
            """));
        var claimed = await ClaimAsync(token, code);
        (claimed.Status, (string)claimed.Json["merchantId"]!).Should().Be((201, merchant));
        (await ClaimAsync(token, code)).Code.Should().Be("claim_ended");

        var known = (await Host.LookUpAsync((string)claimed.Json["apiKey"]!["key"]!))!;
        (Id.Format(Id.Merchant, known.MerchantId), known.Environment, known.Version).Should().Be((merchant, "test", 1));
        known.Scopes.Should().BeEquivalentTo(ServiceDefaults.Identity.Scopes.All);
        (await ActionsAsync()).Should().Equal(
            "access_request.submitted", "access_request.approved", "claim.issued", "claim.claimed");
    }

    [Fact]
    public async Task Neither_the_token_nor_the_code_nor_the_key_is_anywhere_in_the_database()
    {
        var (_, token, code) = await ApproveAsync();
        var key = (string)(await ClaimAsync(token, code)).Json["apiKey"]!["key"]!;

        foreach (var table in new[] { "claims", "api_keys", "audit_log", "outbox", "access_requests" })
        {
            await using var command = Host.Database.CreateCommand(
                $"select coalesce(string_agg(t::text, ' '), '') from {table} t");
            var rows = (string)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
            rows.Should().NotContain(token).And.NotContain(key).And.NotContain($"\"{code}\"");
        }
    }

    [Fact]
    public async Task Of_many_who_claim_at_once_one_gets_the_materials()
    {
        var (_, token, code) = await ApproveAsync();
        var keys = await Host.CountAsync("api_keys");

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => ClaimAsync(token, code)));

        answers.Count(answer => answer.Status == 201).Should().Be(1);
        answers.Where(answer => answer.Status != 201).Should().OnlyContain(answer => answer.Code == "claim_ended");
        (await Host.CountAsync("api_keys")).Should().Be(keys + 1);
    }

    [Fact]
    public async Task The_fifth_wrong_code_ends_the_link_even_for_the_right_one()
    {
        var (_, token, code) = await ApproveAsync();
        var wrong = code == "000000" ? "000001" : "000000";

        for (var left = 4; left > 0; left--)
        {
            var answer = await ClaimAsync(token, wrong);
            (answer.Code, answer.Pointer).Should().Be(("invalid_request", "/code"));
            answer.Body.Should().Contain($"{left} more tries");
        }

        (await ClaimAsync(token, wrong)).Code.Should().Be("claim_ended");
        (await ClaimAsync(token, code)).Code.Should().Be("claim_ended");
        (await ActionsAsync()).Skip(3).Should().Equal(
            "claim.code_refused", "claim.code_refused", "claim.code_refused", "claim.code_refused", "claim.revoked");
    }

    [Fact]
    public async Task Guesses_at_the_same_time_are_all_counted()
    {
        var (_, token, code) = await ApproveAsync();
        var wrong = code == "000000" ? "000001" : "000000";

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ClaimAsync(token, wrong)));

        (await ClaimAsync(token, code)).Code.Should().Be("claim_ended");
        (await ActionsAsync()).Count(action => action == "claim.code_refused").Should().Be(4);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"token":"x","code":"123456"}""")]
    [InlineData("""{"token":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","code":"123456"}""")]
    public async Task A_token_that_nobody_was_given_is_not_found(string json)
    {
        (await Host.SendPublicAsync(HttpMethod.Post, "/v1/claims", json)).Code.Should().Be("not_found");
    }

    [Fact]
    public async Task A_link_ends_after_72_hours_and_with_the_next_one()
    {
        await using var host = await PaymentsHost.StartAsync(_clock);
        var merchant = Id.Format(Id.Merchant, host.Merchant.MerchantId);
        var first = await IssueAsync(host, merchant);
        var second = await IssueAsync(host, merchant);

        (await ClaimAsync(host, first)).Code.Should().Be("claim_ended");
        _clock.Advance(TimeSpan.FromHours(72) - TimeSpan.FromSeconds(1));
        (await PreviewAsync(host, second)).Status.Should().Be(200);
        _clock.Advance(TimeSpan.FromSeconds(1));
        (await ClaimAsync(host, second)).Code.Should().Be("claim_ended");
    }

    [Fact]
    public async Task Live_is_handed_out_after_a_certification_or_a_waiver_with_a_reason()
    {
        var merchant = Id.Format(Id.Merchant, Host.Merchant.MerchantId);
        var link = await IssueAsync(Host, merchant, "live");

        (await ClaimAsync(Host, link)).Code.Should().Be("certification_required");
        var waive = $"/v1/operator/merchants/{merchant}/waive-certification";
        (await PostAsync(waive)).Pointer.Should().Be("/reason");
        (await PostAsync(waive, """{"reason":"Known since 2019."}""")).Status.Should().Be(200);
        var claimed = await ClaimAsync(Host, link);
        claimed.Status.Should().Be(201);
        ((string)claimed.Json["apiKey"]!["key"]!).Should().StartWith("kp_live_");
        claimed.Json["apiKey"]!["scopes"]!.ToJsonString().Should().NotContain("sandbox");
    }

    [Fact]
    public async Task A_passed_certification_opens_live()
    {
        var merchant = Id.Format(Id.Merchant, Host.Merchant.MerchantId);
        var link = await IssueAsync(Host, merchant, "live");
        var take = new TakeReceiverCertified(Host.Database);
        await take.TakeAsync(
            new ReceiverCertified(
                Id.New(TimeProvider.System), Host.Merchant.MerchantId, Id.New(TimeProvider.System),
                TimeProvider.System.GetUtcNow()),
            TestContext.Current.CancellationToken);

        (await ClaimAsync(Host, link)).Status.Should().Be(201);
        var account = (await Host.SendAsync(HttpMethod.Get, "/v1/account")).Json;
        ((string)account["certification"]!["status"]!).Should().Be("passed");
    }

    [Fact]
    public async Task Pages_open_preview_and_claim_without_a_script_and_a_get_consumes_nothing()
    {
        var (_, token, code) = await ApproveAsync();

        (await PageAsync(HttpMethod.Get)).Page.Should().Contain("Claim your access");
        var step = await PageAsync(HttpMethod.Post, ("token", token), ("code", code));
        step.Status.Should().Be(200);
        step.Page.Should().Contain("Claim access for Shop").And.Contain("TEST").And.Contain("webhookUrl");
        var wrong = await PageAsync(HttpMethod.Post, ("token", token), ("code", "nothing"));
        (wrong.Status, wrong.Page).Should().Match<(int Status, string Page)>(
            answer => answer.Status == 422 && answer.Page.Contains("""href="#code">Code</a>"""));
        var claimed = await PageAsync(HttpMethod.Post, ("token", token), ("code", code), ("step", "claim"));
        claimed.Status.Should().Be(201);
        claimed.Page.Should().Contain("kp_test_").And.Contain("shown this once");
        var again = await PageAsync(HttpMethod.Post, ("token", token), ("code", code), ("step", "claim"));
        again.Status.Should().Be(410);
        again.Page.Should().Contain("This link can&#x27;t be used").And.NotContain("kp_test_");
    }

    private async Task<(int Status, string Page)> PageAsync(
        HttpMethod method, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(method, new Uri("/claim", UriKind.Relative));
        if (method == HttpMethod.Post)
            request.Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var answer = await Host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<(string Token, string Code)> IssueAsync(
        PaymentsHost host, string merchant, string environment = "test")
    {
        var answer = await host.OperateAsync(
            HttpMethod.Post, $"/v1/operator/merchants/{merchant}/claims", $$"""{"environment":"{{environment}}"}""");
        answer.Status.Should().Be(201, answer.Body);
        return Opening(answer.Json);
    }

    private static Task<ApiAnswer> ClaimAsync(PaymentsHost host, (string Token, string Code) link) =>
        host.SendPublicAsync(
            HttpMethod.Post, "/v1/claims", $$"""{"token":"{{link.Token}}","code":"{{link.Code}}"}""");

    private static Task<ApiAnswer> PreviewAsync(PaymentsHost host, (string Token, string Code) link) =>
        host.SendPublicAsync(
            HttpMethod.Post, "/v1/claims/preview", $$"""{"token":"{{link.Token}}","code":"{{link.Code}}"}""");
}
