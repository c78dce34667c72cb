using System.Text.Json.Nodes;
using Kobbopay.Contracts;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Merchants;

/// <summary>What merchants' keys do all day, in the audit log.</summary>
public sealed class MerchantAuditTests : MerchantsHouse
{
    private const string Pay = "/v1/sandbox/payments/{id}/pay";
    private const string Network = "/v1/sandbox/networks/example-network";

    [Fact]
    public async Task Every_payment_is_in_one_entry_of_the_key_that_created_it()
    {
        var other = await Host.AddMerchantAsync();
        var merchants = new[] { Host.Merchant, other, Host.Merchant with { KeyId = Id.New(TimeProvider.System) } };
        var created = await Task.WhenAll(Enumerable.Range(0, 60).Select(async i =>
        {
            var merchant = merchants[i % merchants.Length];
            var answer = await Host.CreateAsync(Order($"order-{i}"), merchant, $"key-{i}");
            // Asked for again, and refused: neither makes anything.
            (await Host.CreateAsync(Order($"order-{i}"), merchant, $"key-{i}")).Status.Should().Be(201);
            (await Host.CreateAsync(Order($"order-{i}"), merchant, $"another-{i}")).Status.Should().Be(200);
            return (Key: Id.Format(Id.ApiKey, merchant.KeyId), Merchant: Id.Format(Id.Merchant, merchant.MerchantId),
                Payment: (string)answer.Json["payment_id"]!);
        }));

        var entries = await Eventually.GetAsync(
            EntriesAsync, found => found.Sum(one => one["details"]!["payments"]!.AsArray().Count) >= created.Length);
        entries.SelectMany(one => one["details"]!["payments"]!.AsArray().Select(payment =>
                ((string)one["actor"]!, (string)one["merchantId"]!, (string)payment!)))
            .Should().BeEquivalentTo(created);
        entries.Should().OnlyContain(one => (string)one["action"]! == "payments.created"
            && (string)one["environment"]! == Host.Merchant.Environment
            && (string)one["subject"]! == (string)one["details"]!["payments"]![0]!);
        ((bool)(await ReadAsync("/v1/operator/audit-log/verify"))["intact"]!).Should().BeTrue();
    }

    [Theory]
    [InlineData(Pay, "{}", "sandbox.paid", "{id}", """{"amount":"10.5","currency":"USDT","txHash":""")]
    [InlineData(Pay, """{"mine":false,"amount":"3"}""", "sandbox.paid", "{id}", """{"amount":"3",""")]
    [InlineData($"{Network}/mine", """{"blocks":7}""", "sandbox.mined", "example-network", """{"blocks":7}""")]
    [InlineData($"{Network}/reorg", """{"depth":2}""", "sandbox.reorganized", "example-network", """{"depth":2}""")]
    [InlineData(
        $"{Network}/provider", """{"mode":"fail","seconds":5}""", "sandbox.provider_set", "example-network",
        """{"mode":"fail"}""")]
    [InlineData(
        "/v1/sandbox/clock/advance", """{"seconds":60}""", "sandbox.clock_advanced", "example-network",
        """{"seconds":60}""")]
    public async Task What_is_played_in_the_sandbox_is_an_entry_and_what_is_refused_is_none(
        string path, string json, string action, string subject, string details)
    {
        await Host.SendAsync(HttpMethod.Post, $"{Network}/mine", """{"blocks":5}""");
        var id = (string)(await Host.CreateAsync(Order("order-1"))).Json["payment_id"]!;
        path = path.Replace("{id}", id, StringComparison.Ordinal);
        var before = await Eventually.GetAsync(EntriesAsync, entries => entries.Count == 2);

        (await Host.SendAsync(HttpMethod.Post, path, """{"unheard":"of"}""")).Code.Should().Be("invalid_request");
        var answer = await Host.SendAsync(HttpMethod.Post, path, json);

        answer.Status.Should().Be(200, answer.Body);
        var after = await Eventually.GetAsync(EntriesAsync, entries => entries.Count > before.Count);
        var entry = after.Skip(before.Count).Should().ContainSingle().Subject;
        ((string)entry["actor"]!, (string)entry["action"]!, (string)entry["subject"]!).Should().Be(
            (Id.Format(Id.ApiKey, Host.Merchant.KeyId), action, subject.Replace("{id}", id, StringComparison.Ordinal)));
        entry["details"]!.ToJsonString().Should().StartWith(details);
        ((string)entry["requestId"]!).Should().Be(answer.Headers["X-Request-Id"]);
    }

    private static string Order(string id) =>
        $$"""{"amount":10.5,"currency":"USDT","network":"example-network","orderId":"{{id}}"}""";

    private async Task<IReadOnlyList<JsonNode>> EntriesAsync() =>
        [.. (await ReadAsync("/v1/operator/audit-log?limit=1000"))["data"]!.AsArray().Select(line => line!["entry"]!)];
}
