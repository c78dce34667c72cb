using System.Security.Cryptography;
using System.Text;
using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.PaymentsApi;
using Kobbopay.Payments.Audit;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.Merchants;

public sealed class AuditTests : MerchantsHouse
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_hash_is_over_the_one_before_and_the_entry_as_it_is_shown()
    {
        await ChangeAsync(5);

        var lines = (await ReadAsync("/v1/operator/audit-log"))["data"]!.AsArray();
        var stored = await EntriesAsync();
        var hash = new byte[32];
        foreach (var (line, entry) in lines.Zip(stored))
        {
            hash = SHA256.HashData([.. hash, .. Encoding.UTF8.GetBytes(entry)]);
            ((string)line!["hash"]!).Should().Be(Convert.ToHexStringLower(hash));
        }

        lines.Select(line => (long)line!["sequence"]!).Should().Equal(1, 2, 3, 4, 5);
        (await VerifyAsync()).Should().Be((true, null, null));
    }

    [Fact]
    public async Task Changes_at_the_same_time_make_one_chain()
    {
        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => ApplyAsync()));

        (await VerifyAsync()).Should().Be((true, null, null));
        (await ReadAsync("/v1/operator/audit-log?limit=1000"))["data"]!.AsArray().Should().HaveCount(30);
    }

    [Theory]
    [InlineData("update audit_log set entry = replace(entry, 'submitted', 'approved') where sequence = 2")]
    [InlineData("delete from audit_log where sequence = 2")]
    [InlineData("truncate audit_log")]
    public async Task Nothing_can_be_changed_and_whoever_forces_it_is_found_out(string tampering)
    {
        await ChangeAsync(3);
        var change = () => Host.ExecuteAsync(tampering);
        (await change.Should().ThrowAsync<PostgresException>()).WithMessage("*only ever added to*");

        await Host.ExecuteAsync($"set session_replication_role = replica; {tampering}; reset session_replication_role");

        var (intact, broken, _) = await VerifyAsync();
        (intact, broken).Should().Be((false, tampering.StartsWith("trunc", StringComparison.Ordinal) ? 1 : 2));
    }

    [Fact]
    public async Task A_chain_that_was_made_anew_does_not_hold_the_exported_head()
    {
        await ChangeAsync(3);
        var head = (await ReadAsync("/v1/operator/audit-log"))["data"]![2]!;
        var exported = $"?sequence={head["sequence"]}&hash={head["hash"]}";
        (await VerifyAsync(exported)).Should().Be((true, null, true));

        await Host.ExecuteAsync(
            """
            set session_replication_role = replica;
            delete from audit_log where sequence = 3;
            update audit_head set sequence = 2, hash = (select hash from audit_log where sequence = 2);
            reset session_replication_role
            """);

        (await VerifyAsync()).Should().Be((true, null, null));
        (await VerifyAsync(exported)).Should().Be((true, null, false));
    }

    [Fact]
    public async Task The_head_is_written_to_a_file_outside_of_the_database()
    {
        var file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        await using var host = await PaymentsHost.StartAsync(clock: null, "--Audit:HeadFile", file);
        await host.SendPublicAsync(HttpMethod.Post, "/v1/access-requests", Application);

        await Eventually.TrueAsync(() => new FileInfo(file) is { Exists: true, Length: > 0 });

        var line = (await File.ReadAllLinesAsync(file, Token)).Should().ContainSingle().Subject;
        var entry = (await host.OperateAsync(HttpMethod.Get, "/v1/operator/audit-log")).Json["data"]![0]!;
        line.Should().EndWith($$""","sequence":1,"hash":"{{entry["hash"]}}"}""");
        File.Delete(file);
    }

    [Fact]
    public async Task A_change_in_another_service_is_taken_once()
    {
        var recorded = new AuditRecorded(
            Id.New(TimeProvider.System), TimeProvider.System.GetUtcNow(), Host.Merchant.MerchantId, "test", "key_1",
            "webhook_endpoint.created", "whe_1", """{"url":"https://a.example"}""", "req_1");
        var take = new TakeAuditRecorded(Host.Database);

        await take.TakeAsync(recorded, Token);
        await take.TakeAsync(recorded, Token);

        var merchant = Id.Format(Id.Merchant, Host.Merchant.MerchantId);
        var lines = (await ReadAsync($"/v1/operator/audit-log?merchant={merchant}"))["data"]!.AsArray();
        lines.Should().ContainSingle().Which!["entry"]!["details"]!["url"]!.ToString().Should().Be("https://a.example");
        (await VerifyAsync()).Should().Be((true, null, null));
    }

    [Theory]
    [InlineData("?after=-1")]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?merchant=x")]
    [InlineData("?since=1")]
    [InlineData("/verify?sequence=1")]
    [InlineData("/verify?hash=00")]
    public async Task A_query_that_makes_no_sense_is_refused(string query)
    {
        (await Host.OperateAsync(HttpMethod.Get, $"/v1/operator/audit-log{query}")).Code.Should().Be("invalid_request");
    }

    [Fact]
    public async Task The_log_is_read_page_by_page()
    {
        await ChangeAsync(3);

        var page = await ReadAsync("/v1/operator/audit-log?limit=2");
        ((bool)page["hasMore"]!, (long)page["latestSequence"]!).Should().Be((true, 3));
        var rest = await ReadAsync("/v1/operator/audit-log?after=2");
        rest["data"]!.AsArray().Select(line => (long)line!["sequence"]!).Should().Equal(3);
        ((bool)rest["hasMore"]!).Should().BeFalse();
        (await ReadAsync("/v1/operator/audit-log?after=3"))["data"]!.AsArray().Should().BeEmpty();
    }

    private async Task ChangeAsync(int times)
    {
        for (var i = 0; i < times; i++)
            await ApplyAsync();
    }

    private async Task<List<string>> EntriesAsync()
    {
        await using var command = Host.Database.CreateCommand("select entry from audit_log order by sequence");
        await using var row = await command.ExecuteReaderAsync(Token);
        var entries = new List<string>();
        while (await row.ReadAsync(Token))
            entries.Add(row.GetString(0));
        return entries;
    }

    private async Task<(bool Intact, long? FirstBroken, bool? Matches)> VerifyAsync(string query = "")
    {
        var verdict = await ReadAsync($"/v1/operator/audit-log/verify{query}");
        return ((bool)verdict["intact"]!, (long?)verdict["firstBroken"], (bool?)verdict["matches"]);
    }
}
