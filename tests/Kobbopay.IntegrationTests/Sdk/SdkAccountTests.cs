using Kobbopay.Client;
using Kobbopay.IntegrationTests.Webhooks;
using Kobbopay.IntegrationTests.Whole;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Sdk;

/// <summary>The SDK's endpoints, keys, settings and refusals against all services.</summary>
public sealed class SdkAccountTests(WholeKobbopay system) : IClassFixture<WholeKobbopay>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_endpoint_lives_from_its_creation_to_its_end()
    {
        var client = (await SdkMerchant.OfAsync(system)).Test;
        await using var receiver = await WebhookReceiver.StartAsync();
        var created = await client.WebhookEndpoints.CreateAsync(
            new CreateWebhookEndpointRequest
            {
                Url = receiver.Url.ToString(),
                Events = [KobbopayEventTypes.PaymentPaid],
                Description = "Mine",
                Headers = new Dictionary<string, string> { ["X-Shop"] = "1" },
            },
            "endpoint-1", Token);
        var (id, secret) = (created.Value.Id, created.Value.Secret!);
        var replayed = await client.WebhookEndpoints.CreateAsync(
            new CreateWebhookEndpointRequest
            {
                Url = receiver.Url.ToString(),
                Events = [KobbopayEventTypes.PaymentPaid],
                Description = "Mine",
                Headers = new Dictionary<string, string> { ["X-Shop"] = "1" },
            },
            "endpoint-1", Token);
        (replayed.IdempotencyReplayed, replayed.Value.Secret, replayed.Value.SecretAlreadyShown)
            .Should().Be((true, null, true));

        var changed = await client.WebhookEndpoints.UpdateAsync(
            id,
            new UpdateWebhookEndpointRequest { RateLimit = 5, RemoveDescription = true, RemoveHeaders = true },
            Token);
        (changed.Description, changed.RateLimit, changed.HeaderNames.Count, changed.Events[0])
            .Should().Be((null, 5, 0, KobbopayEventTypes.PaymentPaid));
        (await client.WebhookEndpoints.GetAsync(id, Token)).Should().BeEquivalentTo(changed);
        (await client.WebhookEndpoints.ListAsync(cancellationToken: Token).ToListAsync(Token))
            .Should().ContainSingle().Which.Should().BeEquivalentTo(changed);

        var test = await client.WebhookEndpoints.TestAsync(id, cancellationToken: Token);
        var request = (await receiver.ReceiveAsync(1))[0];
        var delivery = await Eventually.GetAsync(
            () => client.WebhookDeliveries.GetAsync(test.Value.Id, Token),
            one => one.Status == WebhookDeliveryStatuses.Succeeded);
        (await client.WebhookDeliveries.ListAttemptsAsync(delivery.Id, cancellationToken: Token).ToListAsync(Token))
            .Should().ContainSingle().Which.StatusCode.Should().Be(200);
        (await client.WebhookDeliveries.ListAsync(
            new WebhookDeliveryFilter { EndpointId = id, Status = WebhookDeliveryStatuses.Succeeded },
            cancellationToken: Token).ToListAsync(Token)).Should().ContainSingle();
        await client.WebhookDeliveries.RedeliverAsync(delivery.Id, cancellationToken: Token);
        (await receiver.ReceiveAsync(2))[1].Body.Should().Equal(request.Body);

        var explained = await client.WebhookTools.ExplainSignatureAsync(
            new ExplainSignatureRequest
            {
                Headers = request.Headers.ToDictionary(one => one.Key, one => one.Value),
                BodyBase64 = Convert.ToBase64String([.. request.Body, (byte)'\n']),
                ReceivedAt = request.ReceivedAt,
                EndpointId = id,
            },
            cancellationToken: Token);
        (explained.Value.Verdict, explained.Value.BodyDifference)
            .Should().Be(("body_reserialized", "trailing_newline"));

        var rotated = await client.WebhookEndpoints.RotateSecretAsync(id, 600, cancellationToken: Token);
        rotated.Value.Secret.Should().NotBe(secret).And.StartWith("whsec_");
        var twice = () => client.WebhookEndpoints.RotateSecretAsync(id, 600, cancellationToken: Token);
        (await twice.Should().ThrowAsync<KobbopayProblemException>())
            .Which.Code.Should().Be(KobbopayProblemCodes.RotationInProgress);
        (await client.WebhookEndpoints.CompleteRotationAsync(id, cancellationToken: Token)).Value.SecretRotation
            .Should().BeNull();
        (await client.WebhookEndpoints.EnableAsync(id, cancellationToken: Token)).Value.Status.Should().Be("enabled");

        await client.WebhookEndpoints.UpdateAsync(id, new UpdateWebhookEndpointRequest { Events = ["*"] }, Token);
        var since = changed.CreatedAt.AddMinutes(-1);
        (await client.WebhookEndpoints.RecoverAsync(id, since, cancellationToken: Token)).Value.Kind
            .Should().Be("recover");
        var missing = await client.WebhookEndpoints.ReplayMissingAsync(id, since, cancellationToken: Token);
        (await Eventually.GetAsync(
            () => client.WebhookEndpoints.GetReplayAsync(id, missing.Value.Id, Token),
            replay => replay.Status == "completed")).Since.Should().BeCloseTo(since, TimeSpan.FromMilliseconds(1));
        await client.WebhookEndpoints.DeleteAsync(id, Token);
        await NotFoundAsync(() => client.WebhookEndpoints.GetAsync(id, Token));
    }

    [Fact]
    public async Task A_receiver_is_certified()
    {
        var client = (await SdkMerchant.OfAsync(system)).Test;
        await using var receiver = await WebhookReceiver.StartAsync();
        var secret = await SdkExamples.EndpointAsync(client, receiver.Url.ToString());
        receiver.Judge = request => Certifying.Right(request, secret);

        var report = await client.Certification.RunAsync(cancellationToken: Token);

        report.Value.Checks.Should().NotBeEmpty();
        (await client.Certification.GetAsync(report.Value.Id, Token)).Should().BeEquivalentTo(report.Value);
        (await client.Certification.ListAsync(cancellationToken: Token).ToListAsync(Token)).Should().ContainSingle();
    }

    [Fact]
    public async Task Keys_are_made_rolled_and_revoked()
    {
        var client = (await SdkMerchant.OfAsync(system)).Test;
        var request = new CreateApiKeyRequest
        {
            Label = "Reports",
            Scopes = [ApiKeyScopes.PaymentsRead],
            ExpiresAt = TimeProvider.System.GetUtcNow().AddDays(1),
            AllowedIps = ["127.0.0.0/8"],
        };

        NewApiKey made = await client.ApiKeys.CreateAsync(request, cancellationToken: Token);
        var narrow = SdkMerchant.ClientOf(system, made.Key);
        (await narrow.Payments.ListPageAsync(cancellationToken: Token)).Data.Should().BeEmpty();
        await RefusedAsync(() => narrow.Events.ReadAsync(), KobbopayProblemCodes.InsufficientScope, 403);
        (await client.ApiKeys.GetAsync(made.Id, Token)).AllowedIps.Should().Equal("127.0.0.0/8");
        NewApiKey rolled = await client.ApiKeys.RollAsync(made.Id, overlapSeconds: 0, cancellationToken: Token);
        (await client.ApiKeys.ListAsync(cancellationToken: Token).Select(key => key.Id).ToListAsync(Token))
            .Should().Contain([made.Id, rolled.Id]);
        await client.ApiKeys.RevokeAsync(rolled.Id, Token);
        foreach (var key in new[] { made, rolled })
        {
            var late = SdkMerchant.ClientOf(system, key.Key);
            await Eventually.TrueAsync(async () => await CodeOfAsync(() => late.Rails.ListAsync(Token))
                == KobbopayProblemCodes.InvalidApiKey);
        }
    }

    [Fact]
    public async Task The_account_is_read_and_changed()
    {
        var merchant = await SdkMerchant.OfAsync(system);
        var client = merchant.Test;

        (await client.Rails.ListAsync(Token)).Should().Contain(rail =>
            rail.Network == SdkMerchant.Network && rail.Currency == "USDT" && rail.Decimals == 6 && rail.Minimum > 0);
        var changed = await client.Account.ChangeAsync(
            new ChangeAccountRequest { DisplayName = "Shoes", ToleranceBasisPoints = 50, ToleranceCap = 0.5m }, Token);
        changed.Settings.ToleranceCap.Should().Be((Amount)0.5m);
        changed = await client.Account.ChangeAsync(new ChangeAccountRequest { RemoveToleranceCap = true }, Token);
        (changed.Settings.ToleranceCap, changed.Settings.DisplayName, changed.Settings.ToleranceBasisPoints)
            .Should().Be((null, "Shoes", 50));
        (await client.Account.GetAsync(Token)).Should().BeEquivalentTo(changed);
        (await merchant.Live.Account.GetAsync(Token)).Environment.Should().Be("live");
    }

    [Fact]
    public async Task Refusals_are_told_by_their_codes()
    {
        var merchant = await SdkMerchant.OfAsync(system);
        var client = merchant.Test;
        await merchant.ConfirmedAsync("order-1");

        await NotFoundAsync(() => client.Payments.GetAsync("pay_0000000000000000000000000", Token));
        await NotFoundAsync(() => client.PublicStatus.GetAsync("pst_unknown", Token));
        await RefusedAsync(
            () => client.Payments.CreateAsync(SdkMerchant.Order("order-2") with { Currency = "XYZ" }),
            KobbopayProblemCodes.UnsupportedRail, 422);
        await RefusedAsync(() => client.Payments.CreateAsync(SdkMerchant.Order("order-1")),
            KobbopayProblemCodes.OrderAlreadyPaid, 409);
        await RefusedAsync(() => merchant.Live.Sandbox.MineAsync(SdkMerchant.Network),
            KobbopayProblemCodes.WrongEnvironment, 403);
        await RefusedAsync(() => SdkMerchant.ClientOf(system, key: null).Rails.ListAsync(Token),
            KobbopayProblemCodes.AuthenticationRequired, 401);
        await client.Payments.CreateAsync(SdkMerchant.Order("order-3"), "same", Token);
        await RefusedAsync(() => client.Payments.CreateAsync(SdkMerchant.Order("order-4"), "same", Token),
            KobbopayProblemCodes.IdempotencyKeyReused, 422);
        var invalid = () => client.Payments.CreateAsync(
            SdkMerchant.Order("order-5") with { ExpiresIn = 1 }, cancellationToken: Token);
        (await invalid.Should().ThrowAsync<KobbopayProblemException>())
            .Which.Errors.Should().ContainSingle().Which.Pointer.Should().Be("/expiresIn");
    }

    private static Task NotFoundAsync(Func<Task> call) => RefusedAsync(call, KobbopayProblemCodes.NotFound, 404);

    private static async Task RefusedAsync(Func<Task> call, string code, int status) =>
        (await call.Should().ThrowAsync<KobbopayProblemException>())
            .Which.Should().BeEquivalentTo(new { Code = code, Status = status, Retryable = false });

    private static async Task<string?> CodeOfAsync(Func<Task> call)
    {
        try
        {
            await call();
            return null;
        }
        catch (KobbopayProblemException problem)
        {
            return problem.Code;
        }
    }
}
