using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;
using Spectre.Console;

namespace Kobbopay.Cli.Commands;

/// <summary>Follows a payment as it changes: the stream of its public status tells when to read it.</summary>
internal static class Watcher
{
    public static bool IsFinal(Payment payment) =>
        payment.Status is PaymentStatuses.Confirmed or PaymentStatuses.Expired or PaymentStatuses.Canceled;

    public static Task FollowAsync(
        Context context, string id, Func<Payment, bool> isEnd, CancellationToken cancellation)
    {
        if (!context.IsLiveDisplay)
            return FollowAsync(context, id, isEnd, payment => Print(context, payment), cancellation);
        return context.Console.Live(new Text("...")).StartAsync(live => FollowAsync(
            context, id, isEnd, payment => live.UpdateTarget(PaymentView.Of(payment)), cancellation));
    }

    private static async Task FollowAsync(
        Context context, string id, Func<Payment, bool> isEnd, Action<Payment> show, CancellationToken cancellation)
    {
        var last = await context.Client.Payments.GetAsync(id, cancellation);
        show(last);
        if (isEnd(last))
            return;
        var token = last.PublicStatusUrl.Split('/')[^1];
        await foreach (var _ in context.Client.PublicStatus.FollowAsync(token, cancellation))
        {
            var now = await context.Client.Payments.GetAsync(id, cancellation);
            if (!IsSame(last, now))
                show(now);
            last = now;
            if (isEnd(now))
                return;
        }
    }

    private static void Print(Context context, Payment payment)
    {
        if (context.IsJson)
            context.Answer(() => new Text(string.Empty));
        else
            context.Line($"{Sheet.Time(context.Clock.GetUtcNow())} {PaymentView.Progress(payment)}");
    }

    private static bool IsSame(Payment one, Payment other) =>
        one.Version == other.Version && one.Confirmations == other.Confirmations && one.Detection == other.Detection
        && one.AmountReceived == other.AmountReceived && one.AmountConfirmed == other.AmountConfirmed;
}
