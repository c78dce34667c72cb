using System.Text;
using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>The life of an endpoint's secret, under a clock that moves only when told.</summary>
public sealed class RotationTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _clock = new(TimeProvider.System.GetUtcNow());
    private WebhooksHouse _house = null!;
    private WebhookReceiver _receiver = null!;
    private TestMerchant _merchant = null!;
    private Answer _created = null!;

    private string Old => _created.Text("secret");

    private string Route => $"{_created.Location}/rotate-secret";

    public async ValueTask InitializeAsync()
    {
        _house = await WebhooksHouse.StartAsync(_clock);
        _receiver = await WebhookReceiver.StartAsync();
        _merchant = _house.NewMerchant();
        _created = await _merchant.EndpointAsync(_receiver.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _house.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Fact]
    public async Task During_the_overlap_a_request_verifies_with_either_secret_and_after_completing_with_the_new_one()
    {
        var rotated = await _merchant.PostAsync(Route);

        rotated.Status.Should().Be(200);
        var next = rotated.Text("secret");
        next.Should().MatchRegex("^whsec_[A-Za-z0-9+/]{43}=$").And.NotBe(Old);
        rotated.Text("id").Should().Be(_created.Text("id"));
        rotated.Body.GetProperty("overlapUntil").GetDateTimeOffset()
            .Should().BeCloseTo(_clock.GetUtcNow().AddHours(24), TimeSpan.FromMilliseconds(1));
        var read = (await _merchant.GetAsync(_created.Location!)).Body;
        read.GetProperty("secretRotation").GetProperty("overlapUntil").GetString()
            .Should().Be(rotated.Text("overlapUntil"));
        read.TryGetProperty("secret", out _).Should().BeFalse();

        var request = await DeliverAsync();
        Verifies(request, Old).Should().BeTrue();
        Verifies(request, next).Should().BeTrue();
        request.Headers["webhook-signature"].Split(' ').Should().HaveCount(2);
        // Who knows nothing of rotations compares this one with the old secret.
        request.Headers["X-Kobbopay-Signature"].Should().Be(Signature(request, Old));
        request.Headers["X-Kobbopay-Signature-Next"].Should().Be(Signature(request, next));

        var completed = await _merchant.PostAsync($"{Route}/complete");
        completed.Status.Should().Be(200);
        completed.Body.GetProperty("secretRotation").ValueKind.Should().Be(JsonValueKind.Null);
        completed.Body.TryGetProperty("secret", out _).Should().BeFalse();
        (await SignedByAsync(next)).Should().BeTrue();
        (await SignedByAsync(Old)).Should().BeFalse();
        (await DeliverAsync()).Headers.Should().NotContainKey("X-Kobbopay-Signature-Next");

        // Without a rotation there is nothing to complete, and that is no error.
        var again = await _merchant.PostAsync($"{Route}/complete", new { });
        again.Status.Should().Be(200);
        again.Body.GetRawText().Should().Be(completed.Body.GetRawText());
        (await SignedByAsync(next)).Should().BeTrue();
    }

    [Fact]
    public async Task An_overlap_that_ends_by_time_counts_as_completed_everywhere()
    {
        var second = (await _merchant.PostAsync(Route, new { overlapSeconds = 600 })).Text("secret");
        _clock.Advance(TimeSpan.FromSeconds(599));
        (await _merchant.PostAsync(Route)).Text("code").Should().Be("rotation_in_progress");

        _clock.Advance(TimeSpan.FromSeconds(1));

        (await _merchant.GetAsync(_created.Location!)).Body.GetProperty("secretRotation").ValueKind
            .Should().Be(JsonValueKind.Null);
        (await SignedByAsync(second)).Should().BeTrue();
        (await SignedByAsync(Old)).Should().BeFalse();
        var third = (await _merchant.PostAsync(Route, new { overlapSeconds = 604_800 })).Text("secret");
        var request = await DeliverAsync();
        (Verifies(request, Old), Verifies(request, second), Verifies(request, third)).Should().Be((false, true, true));
    }

    [Fact]
    public async Task The_old_secret_is_destroyed_after_its_overlap()
    {
        await _merchant.PostAsync(Route, new { overlapSeconds = 1 });
        var next = await _house.QueryAsync<byte[]>("select next_sealed from webhook_secrets");

        _clock.Advance(TimeSpan.FromSeconds(1));

        await Eventually.TrueAsync(async () =>
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            return await _house.QueryAsync<bool>(
                "select next_sealed is null and next_key_id is null and overlap_until is null from webhook_secrets");
        });
        (await _house.QueryAsync<byte[]>("select sealed from webhook_secrets")).Should().Equal(next);
    }

    [Fact]
    public async Task After_a_leak_everything_of_before_ends_at_once_even_during_an_overlap()
    {
        var second = (await _merchant.PostAsync(Route)).Text("secret");
        var refused = await _merchant.PostAsync(Route, new { overlapSeconds = 60 });
        refused.Status.Should().Be(409);
        refused.Text("code").Should().Be("rotation_in_progress");

        var leaked = await _merchant.PostAsync(Route, new { overlapSeconds = 0 });

        leaked.Status.Should().Be(200);
        leaked.Body.GetProperty("overlapUntil").ValueKind.Should().Be(JsonValueKind.Null);
        leaked.Body.GetProperty("secretRotation").ValueKind.Should().Be(JsonValueKind.Null);
        var request = await DeliverAsync();
        (Verifies(request, Old), Verifies(request, second), Verifies(request, leaked.Text("secret")))
            .Should().Be((false, false, true));
        request.Headers.Should().NotContainKey("X-Signature-Next");
    }

    [Fact]
    public async Task Of_rotations_at_once_exactly_one_wins_and_its_secret_is_the_one()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _merchant.PostAsync(Route)));

        var winner = answers.Should().ContainSingle(answer => answer.Status == 200).Subject;
        answers.Count(answer => answer.Status == 409 && answer.Text("code") == "rotation_in_progress").Should().Be(7);
        var request = await DeliverAsync();
        Verifies(request, Old).Should().BeTrue();
        Verifies(request, winner.Text("secret")).Should().BeTrue();
    }

    [Fact]
    public async Task Completing_and_rotating_at_once_never_lose_the_new_secret()
    {
        for (var round = 0; round < 5; round++)
        {
            await _merchant.PostAsync($"{Route}/complete");
            var next = (await _merchant.PostAsync(Route)).Text("secret");

            var rotations = Enumerable.Range(0, 3).Select(_ => _merchant.PostAsync(Route)).ToArray();
            var completions = Enumerable.Range(0, 3).Select(_ => _merchant.PostAsync($"{Route}/complete")).ToArray();
            (await Task.WhenAll(completions)).Should().OnlyContain(answer => answer.Status == 200);
            var won = (await Task.WhenAll(rotations)).Where(answer => answer.Status == 200)
                .Select(answer => answer.Text("secret"));

            var request = await DeliverAsync();
            won.Append(next).Should().Contain(secret => Verifies(request, secret));
        }
    }

    [Theory]
    [InlineData("""{"overlapSeconds":-1}""", "/overlapSeconds", "out_of_range")]
    [InlineData("""{"overlapSeconds":604801}""", "/overlapSeconds", "out_of_range")]
    [InlineData("""{"overlapSeconds":1.5}""", "/overlapSeconds", "wrong_type")]
    [InlineData("""{"overlapSeconds":"60"}""", "/overlapSeconds", "wrong_type")]
    [InlineData("""{"overlap":60}""", "/overlap", "unknown_field")]
    public async Task Bad_input_is_refused_by_name_and_rotates_nothing(string body, string pointer, string code)
    {
        var before = await _house.QueryAsync<string>("select s::text from webhook_secrets s");

        var answer = await _house.SendAsync(
            _merchant.Identity, HttpMethod.Post, Route, new StringContent(body, Encoding.UTF8, "application/json"));

        answer.Status.Should().Be(422);
        answer.Body.GetProperty("errors")[0].GetProperty("pointer").GetString().Should().Be(pointer);
        answer.Body.GetProperty("errors")[0].GetProperty("code").GetString().Should().Be(code);
        (await _house.QueryAsync<string>("select s::text from webhook_secrets s")).Should().Be(before);
    }

    /// <summary>One more event, as it arrives.</summary>
    private async Task<ReceivedWebhook> DeliverAsync()
    {
        var message = await _merchant.PublishAsync();
        var eventId = Id.Format(Id.Event, message.EventId);
        await _merchant.DeliveryAsync(message, one => one.GetProperty("status").GetString() == "succeeded");
        return _receiver.Requests.Single(request => request.EventId == eventId);
    }

    private async Task<bool> SignedByAsync(string secret) => Verifies(await DeliverAsync(), secret);

    private bool Verifies(ReceivedWebhook request, string secret)
    {
        var verdicts = new[] { WebhookSchemes.Standard, WebhookSchemes.Kobbopay, WebhookSchemes.BodyOnly }
            .Select(scheme => WebhookSignature.Verify(
                name => request.Headers.GetValueOrDefault(name), request.Body, [secret], _clock.GetUtcNow(), scheme)
                .IsValid)
            .Distinct();
        return verdicts.Should().ContainSingle("the three signatures agree").Subject;
    }

    private static string Signature(ReceivedWebhook request, string secret) => WebhookSignature.Sign(
        request.Headers["webhook-id"],
        DateTimeOffset.FromUnixTimeSeconds(long.Parse(request.Headers["webhook-timestamp"])),
        request.Body,
        secret).Single(header => header.Key == "X-Kobbopay-Signature").Value;
}
