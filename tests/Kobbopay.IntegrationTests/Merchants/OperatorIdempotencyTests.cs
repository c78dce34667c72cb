using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Merchants;

public sealed class OperatorIdempotencyTests : MerchantsHouse
{
    private const string Because = """{"reason":"Complaints."}""";

    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Merchant => Id.Format(Id.Merchant, Host.Merchant.MerchantId);

    private string Suspend => $"/v1/operator/merchants/{Merchant}/suspend";

    [Fact]
    public async Task The_same_key_and_body_give_the_stored_answer_again_whatever_has_happened_since()
    {
        var first = await PostAsync(Suspend, Because, "key 1");
        (await PostAsync($"/v1/operator/merchants/{Merchant}/resume", Because, "key 1")).Status.Should().Be(200);

        var again = await PostAsync(Suspend, Because, "key 1");

        (first.Status, IsReplayed(first)).Should().Be((200, false));
        (again.Status, IsReplayed(again), again.Body).Should().Be((200, true, first.Body));
        ((string)again.Json["status"]!).Should().Be("suspended");
        ((string)(await ReadAsync($"/v1/operator/merchants/{Merchant}"))["status"]!).Should().Be("active");
        (await ActionsAsync()).Should().Equal("merchant.suspended", "merchant.resumed");
    }

    [Fact]
    public async Task Every_post_of_an_operator_is_done_once()
    {
        var (id, _) = await ApplyAsync();
        var (other, _) = await ApplyAsync();
        var request = $"/v1/operator/access-requests/{id}";
        var merchant = $"/v1/operator/merchants/{Merchant}";
        foreach (var (path, body) in new[]
        {
            ($"{request}/notes", """{"text":"Fine."}"""), ($"{request}/defer", Because),
            ($"{request}/approve", TestAndLive), ($"/v1/operator/access-requests/{other}/decline", Because),
            ($"{merchant}/claims", """{"environment":"live"}"""), ($"{merchant}/waive-certification", Because),
            ($"{merchant}/suspend", Because), ($"{merchant}/resume", Because), ($"{merchant}/close", Because),
        })
        {
            var (first, again) = (await PostAsync(path, body, "the key"), await PostAsync(path, body, "the key"));
            first.Status.Should().BeInRange(200, 201, first.Body);
            (again.Status, IsReplayed(first), IsReplayed(again)).Should().Be((first.Status, false, true), path);
        }

        ((await ReadAsync(request))["notes"]!.AsArray().Count).Should().Be(1);
        (await ActionsAsync()).Should().Equal(
            "access_request.submitted", "access_request.submitted", "access_request.noted", "access_request.deferred",
            "access_request.approved", "claim.issued", "access_request.declined", "claim.issued",
            "certification.waived", "merchant.suspended", "merchant.resumed", "merchant.closed");
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        await PostAsync(Suspend, Because, "key 2");

        var other = await PostAsync(Suspend, """{"reason":"Something else."}""", "key 2");

        (other.Status, other.Code).Should().Be((422, "idempotency_key_reused"));
        (await ActionsAsync()).Should().Equal("merchant.suspended");
    }

    [Fact]
    public async Task A_key_belongs_to_its_operator_and_its_route()
    {
        var (one, other) = ((await ApplyAsync()).Id, (await ApplyAsync()).Id);
        foreach (var (id, name) in new[] { (one, "olga"), (one, "oskar"), (other, "olga") })
        {
            var noted = await Host.OperateAsync(
                HttpMethod.Post, $"/v1/operator/access-requests/{id}/notes", """{"text":"Fine."}""", name, "key 3");
            (noted.Status, IsReplayed(noted)).Should().Be((201, false));
        }

        (await Host.CountAsync("access_request_notes")).Should().Be(3);
    }

    [Fact]
    public async Task Equal_requests_at_once_over_two_replicas_make_one_change_one_entry_and_equal_answers()
    {
        await using var replica = await Host.StartReplicaAsync();
        var (id, _) = await ApplyAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? Host : replica).OperateAsync(
            HttpMethod.Post, $"/v1/operator/access-requests/{id}/notes", """{"text":"Fine."}""",
            idempotencyKey: "racing")));

        answers.Should().OnlyContain(answer => answer.Status == 201);
        answers.Select(answer => answer.Body).Distinct(StringComparer.Ordinal).Should().ContainSingle();
        answers.Count(answer => !IsReplayed(answer)).Should().Be(1);
        (await Host.CountAsync("access_request_notes")).Should().Be(1);
        (await ActionsAsync()).Should().Equal("access_request.submitted", "access_request.noted");
    }

    [Fact]
    public async Task A_refusal_stores_nothing_and_the_corrected_request_may_take_its_key()
    {
        (await PostAsync(Suspend, "{}", "key 4")).Pointer.Should().Be("/reason");
        (await PostAsync("/v1/operator/merchants/mer_1/suspend", Because, "key 4")).Code.Should().Be("not_found");
        (await PostAsync(Suspend, Because, new string('k', 256))).Pointer.Should().Be("Idempotency-Key");
        (await Host.CountAsync("operator_idempotency_keys")).Should().Be(0);

        var corrected = await PostAsync(Suspend, Because, "key 4");

        (corrected.Status, IsReplayed(corrected)).Should().Be((200, false));
    }

    [Fact]
    public async Task A_claim_link_and_its_code_are_in_the_first_answer_alone()
    {
        var (id, _) = await ApplyAsync();
        var approve = $"/v1/operator/access-requests/{id}/approve";
        var approved = await PostAsync(approve, TestAndLive, "key 5");
        var issue = $"/v1/operator/merchants/{approved.Json["merchantId"]}/claims";
        var issued = await PostAsync(issue, """{"environment":"test","kind":"xpub"}""", "key 5");

        var again = await PostAsync(approve, TestAndLive, "key 5");
        var issuedAgain = await PostAsync(issue, """{"environment":"test","kind":"xpub"}""", "key 5");

        ((string)again.Json["merchantId"]!).Should().Be((string)approved.Json["merchantId"]!);
        (await Host.CountAsync("claims")).Should().Be(2);
        var stored = await StoredAsync();
        foreach (var (first, replayed) in new[]
        {
            (approved.Json["claims"]![0]!, again.Json["claims"]![0]!), (issued.Json, issuedAgain.Json),
        })
        {
            first["secretAlreadyShown"].Should().BeNull();
            ((string)replayed["id"]!, (bool)replayed["secretAlreadyShown"]!).Should().Be(((string)first["id"]!, true));
            replayed.AsObject().ContainsKey("url").Should().BeTrue();
            (replayed["url"], replayed["code"]).Should().Be((null, null));
            var (token, code) = Opening(first);
            stored.Should().Contain((string)first["id"]!).And.NotContain(token).And.NotContain($"\"{code}\"");
        }

        var (open, with) = Opening(approved.Json["claims"]![0]!);
        (await ClaimAsync(open, with)).Status.Should().Be(201, "asking again has ended no link");
    }

    [Fact]
    public async Task Who_asks_while_the_first_still_runs_is_told_to_come_again()
    {
        await using var host = await PaymentsHost.StartAsync(_clock);
        var path = $"/v1/operator/merchants/{Id.Format(Id.Merchant, host.Merchant.MerchantId)}/suspend";
        await using var connection = await host.Database.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using (var locked = new NpgsqlCommand("select from merchants for update", connection))
            await locked.ExecuteNonQueryAsync(Token);
        var first = host.OperateAsync(HttpMethod.Post, path, Because, idempotencyKey: "slow");
        await Eventually.TrueAsync(async () => await host.CountAsync("pg_locks where not granted") > 0);

        var second = host.OperateAsync(HttpMethod.Post, path, Because, idempotencyKey: "slow");
        await Eventually.TrueAsync(() =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(second.IsCompleted);
        });
        await transaction.CommitAsync(Token);

        var refused = await second;
        (refused.Status, refused.Code, refused.Headers["Retry-After"])
            .Should().Be((409, "idempotency_key_in_use", "1"));
        (await first).Status.Should().Be(200);
        IsReplayed(await host.OperateAsync(HttpMethod.Post, path, Because, idempotencyKey: "slow")).Should().BeTrue();
    }

    [Fact]
    public async Task A_key_is_forgotten_after_24_hours()
    {
        await PostAsync(Suspend, Because, "old");
        await PostAsync(Suspend, Because, "young");
        await Host.ExecuteAsync(
            "update operator_idempotency_keys set created_at = now() - interval '24.1 hours' where key = 'old'");

        await using var replica = await Host.StartReplicaAsync();

        await Eventually.TrueAsync(async () => await Host.CountAsync("operator_idempotency_keys") == 1);
        IsReplayed(await PostAsync(Suspend, Because, "young")).Should().BeTrue();
        IsReplayed(await PostAsync(Suspend, Because, "old")).Should().BeFalse();
    }

    private Task<ApiAnswer> PostAsync(string path, string json, string key) =>
        Host.OperateAsync(HttpMethod.Post, path, json, idempotencyKey: key);

    private static bool IsReplayed(ApiAnswer answer) => answer.Headers.ContainsKey("Idempotency-Replayed");

    private async Task<string> StoredAsync()
    {
        await using var command = Host.Database.CreateCommand(
            "select string_agg(convert_from(body, 'UTF8'), ' ') from operator_idempotency_keys");
        return (string)(await command.ExecuteScalarAsync(Token))!;
    }
}
