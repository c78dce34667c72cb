using System.Text.Json.Nodes;

namespace Kobbopay.IntegrationTests.Merchants;

public sealed class AccessRequestTests : MerchantsHouse
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_reaches_the_operators_whole_and_its_sender_sees_only_its_state()
    {
        var (id, token) = await ApplyAsync();

        var request = (await ReadAsync("/v1/operator/access-requests?status=new"))["data"]!.AsArray().Single()!;
        (await ReadAsync($"/v1/operator/access-requests/{id}")).ToJsonString().Should().Be(request.ToJsonString());
        request.AsObject().Remove("createdAt").Should().BeTrue();
        request.ToJsonString().Should().Be(
            OneLine($$"""
            {
              "id": "{{id}}", "status": "new", "company": "Shop Ltd", "website": "shop.example.com",
              "contactEmail": "ann@shop.example.com", "useCase": "We sell shoes to the whole of Europe.",
              "integrationType": "own backend", "volume": "100 a month", "rails": ["USDT on Polygon"],
              "markets": ["DE", "FR"], "technicalContact": "Bob", "address": null, "reason": null,
              "decidedBy": null, "decidedAt": null, "merchantId": null, "notes": []
            }
            """));

        var seen = await Host.SendPublicAsync(HttpMethod.Get, $"/v1/access-requests/{token}");
        seen.Json.AsObject().Select(field => field.Key)
            .Should().Equal("id", "status", "company", "createdAt", "reason", "decidedAt");
        foreach (var other in new[] { token[..^1], id })
        {
            (await Host.SendPublicAsync(HttpMethod.Get, $"/v1/access-requests/{other}")).Code.Should().Be("not_found");
        }
    }

    [Theory]
    [InlineData("company", "null", "/company")]
    [InlineData("company", "\"X\\u0000\"", "/company")]
    [InlineData("contactEmail", "null", "/contactEmail")]
    [InlineData("contactEmail", "\"no mail\"", "/contactEmail")]
    [InlineData("contactEmail", "\"Ann <ann@shop.example.com>\"", "/contactEmail")]
    [InlineData("useCase", "\"Shoes.\"", "/useCase")]
    [InlineData("useCase", "null", "/useCase")]
    [InlineData("website", "\"java script:x\"", "/website")]
    [InlineData("rails", "[null]", "/rails/0")]
    [InlineData("rails", "\"USDT\"", "/rails")]
    [InlineData("status", "\"approved\"", "/status")]
    public async Task What_is_wrong_is_named_and_leaves_no_trace(string field, string value, string pointer)
    {
        var body = JsonNode.Parse("""
            {"company":"Shop","contactEmail":"ann@shop.example.com","useCase":"We sell shoes to all of Europe."}
            """)!;
        body[field] = JsonNode.Parse(value);

        var answer = await Host.SendPublicAsync(HttpMethod.Post, "/v1/access-requests", body.ToJsonString());

        (answer.Status, answer.Code, answer.Pointer).Should().Be((422, "invalid_request", pointer));
        (await Host.CountAsync("access_requests")).Should().Be(0);
        (await Host.CountAsync("audit_log")).Should().Be(0);
    }

    [Fact]
    public async Task Notes_are_among_operators_and_a_deferred_request_can_still_be_decided_once()
    {
        var (id, token) = await ApplyAsync();
        var route = $"/v1/operator/access-requests/{id}";

        (await PostAsync($"{route}/notes", """{"text":"Called them.\nFine."}""")).Status.Should().Be(201);
        (await PostAsync($"{route}/defer", """{"reason":"We need your registration."}""")).Status.Should().Be(200);
        var seen = (await Host.SendPublicAsync(HttpMethod.Get, $"/v1/access-requests/{token}")).Json;
        ((string)seen["status"]!, (string)seen["reason"]!).Should().Be(("deferred", "We need your registration."));
        (await PostAsync($"{route}/decline", """{"reason":"Not our market."}""")).Status.Should().Be(200);

        foreach (var (verb, body) in new[]
        {
            ("decline", """{"reason":"again"}"""), ("defer", """{"reason":"again"}"""), ("approve", TestAndLive),
        })
        {
            (await PostAsync($"{route}/{verb}", body)).Code.Should().Be("already_decided");
        }

        var request = await ReadAsync(route);
        ((string)request["status"]!, (string)request["decidedBy"]!, (string)request["notes"]![0]!["text"]!,
            (string)request["notes"]![0]!["author"]!)
            .Should().Be(("declined", "operator:olga", "Called them.\nFine.", "olga"));
        (await ActionsAsync()).Should().Equal(
            "access_request.submitted", "access_request.noted", "access_request.deferred", "access_request.declined");
    }

    [Theory]
    [InlineData("null", "[]", "/displayName")]
    [InlineData("\"X\"", "null", "/environments")]
    [InlineData("\"X\"", """[{"environment":"prod","rails":[]}]""", "/environments/0/environment")]
    [InlineData("\"X\"", """[{"environment":"test"}]""", "/environments/0/rails")]
    [InlineData("\"X\"", """[{"environment":"test","rails":[]},{"environment":"test"}]""", "/environments")]
    [InlineData("\"X\"", """[{"environment":"test","rails":[{"network":"n"}]}]""", "/environments/0/rails/0")]
    [InlineData(
        "\"X\"", """[{"environment":"live","rails":[{"network":"example-network","currency":"USDT"}]}]""",
        "/environments/0/rails/0")]
    [InlineData(
        "\"X\"",
        """[{"environment":"test","rails":[{"network":"example-network","currency":"USDT","confirmations":0}]}]""",
        "/environments/0/rails/0/confirmations")]
    public async Task An_approval_that_grants_what_does_not_exist_makes_no_merchant(
        string name, string environments, string pointer)
    {
        var (id, _) = await ApplyAsync();
        var merchants = await Host.CountAsync("merchants");

        var answer = await PostAsync(
            $"/v1/operator/access-requests/{id}/approve",
            $$"""{"displayName":{{name}},"environments":{{environments}}}""");

        (answer.Status, answer.Pointer).Should().Be((422, pointer), answer.Body);
        (await Host.CountAsync("merchants")).Should().Be(merchants);
    }

    [Fact]
    public async Task Two_operators_who_approve_at_once_make_one_merchant()
    {
        var (id, _) = await ApplyAsync();
        var merchants = await Host.CountAsync("merchants");

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            PostAsync($"/v1/operator/access-requests/{id}/approve", TestAndLive)));

        answers.Select(answer => answer.Status).Order().Should().Equal(201, 409, 409, 409, 409, 409, 409, 409);
        (await Host.CountAsync("merchants")).Should().Be(merchants + 1);
        (await Host.CountAsync("claims")).Should().Be(1);
    }

    [Fact]
    public async Task The_form_works_without_a_script_from_the_empty_page_to_the_status()
    {
        var (status, form, _) = await FormAsync(HttpMethod.Get, "/request-access");
        status.Should().Be(200);
        form.Should().Contain("<form").And.NotContain("<script");

        var (sent, _, location) = await FormAsync(HttpMethod.Post, "/request-access",
            ("company", "Shop <Ltd>"), ("contactEmail", "ann@shop.example.com"), ("website", ""),
            ("useCase", "We sell shoes to the whole of Europe."), ("rails", "USDT on Polygon, USDC on Base"),
            ("fax", ""));
        sent.Should().Be(303);
        var (shown, page, _) = await FormAsync(HttpMethod.Get, location!);
        shown.Should().Be(200);
        page.Should().Contain("Shop &lt;Ltd&gt;").And.Contain("We have your request");
        var request = (await ReadAsync("/v1/operator/access-requests"))["data"]!.AsArray().Single()!;
        request["rails"]!.ToJsonString().Should().Be("""["USDT on Polygon","USDC on Base"]""");
    }

    [Fact]
    public async Task A_form_with_mistakes_comes_back_with_what_was_entered_and_a_link_to_each_mistake()
    {
        var (status, page, _) = await FormAsync(HttpMethod.Post, "/request-access",
            ("company", "\"><b>"), ("contactEmail", "nobody"), ("useCase", "Shoes"));

        status.Should().Be(422);
        page.Should().Contain("""role="alert" """.Trim()).And.Contain("""href="#contactEmail">Contact email</a>""")
            .And.Contain("""href="#useCase">Use case</a>""").And.Contain("value=\"&quot;&gt;&lt;b&gt;\"")
            .And.Contain("""aria-invalid="true" """.Trim());
        (await Host.CountAsync("access_requests")).Should().Be(0);
    }

    [Fact]
    public async Task Whoever_fills_in_the_hidden_field_is_thanked_and_forgotten()
    {
        var (status, page, _) = await FormAsync(HttpMethod.Post, "/request-access",
            ("company", "Bot"), ("contactEmail", "a@b.example"), ("useCase", "We sell everything to everybody."),
            ("fax", "12345"));

        status.Should().Be(200);
        page.Should().Contain("Thank you");
        (await Host.CountAsync("access_requests")).Should().Be(0);
    }

    [Fact]
    public async Task Pages_carry_a_policy_without_inline_scripts_and_are_kept_by_nobody()
    {
        using var answer = await Host.Http.GetAsync(new Uri("/request-access", UriKind.Relative), Token);

        answer.Headers.GetValues("Content-Security-Policy").Single().Should()
            .Contain("default-src 'none'").And.Contain("form-action 'self'").And.NotContain("unsafe-inline");
        answer.Headers.CacheControl!.NoStore.Should().BeTrue();
        answer.Headers.GetValues("Referrer-Policy").Single().Should().Be("no-referrer");
        answer.Headers.GetValues("X-Frame-Options").Single().Should().Be("DENY");
        (await FormAsync(HttpMethod.Get, "/request-access/nobody")).Status.Should().Be(404);
    }

    private async Task<(int Status, string Page, string? Location)> FormAsync(
        HttpMethod method, string path, params (string Name, string Value)[] fields)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = Host.Url,
        };
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (method == HttpMethod.Post)
            request.Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var answer = await client.SendAsync(request, Token);
        return (
            (int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Token),
            answer.Headers.Location?.ToString());
    }
}
