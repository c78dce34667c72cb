using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Listening;

/// <summary>Sends one event at a time, tries again, and tells each attempt.</summary>
internal sealed class Deliverer(Context context, Forwarder forwarder) : IDisposable
{
    private static readonly TimeSpan[] Waits =
        [TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)];

    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    public void Dispose() => _oneAtATime.Dispose();

    /// <summary>An event of the feed: until the receiver takes it, or a few times only.</summary>
    public async Task SendAsync(KobbopayEvent one, bool skipFailed, CancellationToken cancellation)
    {
        var id = DeliveryId.New(context.Clock);
        for (var before = 0; ; before += Waits.Length + 1)
        {
            var end = skipFailed ? "skipped" : "waiting";
            if (await TryAsync(one, id, isResend: false, before, end, cancellation))
                return;
            if (skipFailed)
            {
                context.Say($"{one.Id} was not taken and is skipped. Next, once the receiver is repaired: kobbo events "
                    + $"resend {one.Id} --listen");
                return;
            }

            if (before == 0)
            {
                context.Say($"{one.Id} is not taken; all later events wait for it, and it is tried every 10 s. Next: "
                    + $"repair what answers at {forwarder.Target} (kobbo listen --skip-failed goes on without it).");
            }

            await Task.Delay(LongWait, context.Clock, cancellation);
        }
    }

    /// <returns>Whether the receiver has taken it.</returns>
    public Task<bool> ResendAsync(KobbopayEvent one, CancellationToken cancellation) =>
        TryAsync(one, DeliveryId.New(context.Clock), isResend: true, before: 0, "failed", cancellation);

    private async Task<bool> TryAsync(
        KobbopayEvent one, string id, bool isResend, int before, string end, CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            for (var i = 0; ; i++)
            {
                var answer = await forwarder.SendAsync(one, id, cancellation);
                var outcome = answer.IsTaken ? "delivered" : i < Waits.Length ? "retrying" : end;
                Tell(one, answer, before + i + 1, outcome, isResend);
                if (answer.IsTaken || i == Waits.Length)
                    return answer.IsTaken;
                await Task.Delay(Waits[i], context.Clock, cancellation);
            }
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private void Tell(KobbopayEvent one, Forwarded answer, int attempt, string outcome, bool isResend)
    {
        if (context.IsJson)
        {
            context.Line(System.Text.Json.JsonSerializer.Serialize(
                new ForwardDocument(
                    one.Id, one.Type, one.Sequence, attempt, answer.Status, answer.LatencyMs, outcome, isResend),
                DocumentJson.Default.ForwardDocument));
            return;
        }

        context.Line(Redaction.Printable(
            $"{Sheet.Time(context.Clock.GetUtcNow())} {one.Type} {one.Id} #{one.Sequence}{(isResend ? " resend" : "")} "
            + $"{outcome}: {answer.Told} in {answer.LatencyMs} ms"));
    }
}
