using System.Text;
using Kobbopay.Contracts;
using Kobbopay.IntegrationTests.Rails;
using Kobbopay.Payments;
using Kobbopay.Payments.Domain;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.IntegrationTests.PaymentsApi;

/// <summary>Two replicas of the service know nothing of each other's requests: the database decides.</summary>
public sealed class ReplicaTests : IAsyncLifetime
{
    private RailWorld _world = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _world = await RailWorld.CreateAsync();

    public async ValueTask DisposeAsync() => await _world.DisposeAsync();

    [Fact]
    public async Task The_same_key_at_two_replicas_at_once_is_done_once_and_answered_twice()
    {
        var (one, other) = (NewReplica(), NewReplica());
        for (var i = 0; i < 20; i++)
        {
            var payment = await _world.CreatePaymentAsync();
            var answers = await Task.WhenAll(
                CancelAsync(one, payment, $"key-{i}"), CancelAsync(other, payment, $"key-{i}"));

            answers[0].Body.Should().Be(answers[1].Body).And.Contain("\"Canceled\"");
            answers.Select(answer => answer.Replayed).Order().Should().Equal(false, true);
            (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.canceled");
        }
    }

    [Fact]
    public async Task Different_keys_at_two_replicas_at_once_cancel_once()
    {
        var (one, other) = (NewReplica(), NewReplica());
        for (var i = 0; i < 20; i++)
        {
            var payment = await _world.CreatePaymentAsync();
            var results = await Task.WhenAll(
                TryAsync(() => CancelAsync(one, payment, $"a-{i}")),
                TryAsync(() => CancelAsync(other, payment, $"b-{i}")));

            results.Order(StringComparer.Ordinal).Should().Equal("canceled", "payment_not_cancelable");
            (await _world.EventsAsync(payment)).Should().Equal("payment.created", "payment.canceled");
        }
    }

    private StoredAnswers NewReplica() => new(new Idempotency(TimeProvider.System), _world.Get<IdempotencyKeys>());

    private async Task<(string Body, bool Replayed)> CancelAsync(
        StoredAnswers replica, PaymentRecord payment, string key)
    {
        var id = Id.Format(Id.Payment, payment.Details.Id);
        using var body = new MemoryStream();
        var http = new DefaultHttpContext();
        http.Request.Method = HttpMethods.Post;
        http.Request.Path = $"/v1/payments/{id}/cancel";
        http.Request.Headers[Idempotency.Header] = key;
        http.Response.Body = body;
        await replica.AnswerAsync(
            http,
            _world.Merchant,
            ReadOnlyMemory<byte>.Empty,
            PaymentsJson.Relaxed.PaymentJson,
            answer => _world.Get<PaymentStore>().ChangeAsync(
                _world.Merchant, id, new PaymentInput.Cancel("key_1"), (batch, made) => answer(batch, made), Token),
            Token);
        return (Encoding.UTF8.GetString(body.ToArray()), http.Response.Headers.ContainsKey(Idempotency.ReplayedHeader));
    }

    private static async Task<string> TryAsync(Func<Task> cancel)
    {
        try
        {
            await cancel();
            return "canceled";
        }
        catch (ProblemException refused)
        {
            return refused.Code;
        }
    }
}
