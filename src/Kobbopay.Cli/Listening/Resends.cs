using Kobbopay.Cli.Running;
using Kobbopay.Client;

namespace Kobbopay.Cli.Listening;

/// <summary>Sends what <c>events resend</c> has laid down in another terminal, beside the feed.</summary>
internal static class Resends
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    public static async Task RunAsync(
        Context context, ListenState state, Deliverer deliverer, CancellationToken cancellation)
    {
        while (true)
        {
            foreach (var (file, eventId) in state.Laid())
                await SendAsync(context, deliverer, file, eventId, cancellation);
            await Task.Delay(Look, context.Clock, cancellation);
        }
    }

    private static async Task SendAsync(
        Context context, Deliverer deliverer, string file, string eventId, CancellationToken cancellation)
    {
        try
        {
            await deliverer.ResendAsync(await context.Client.Events.GetAsync(eventId, cancellation), cancellation);
        }
        catch (HttpRequestException)
        {
            // It lies there until Kobbopay is back.
            return;
        }
        catch (KobbopayProblemException problem) when (problem.Retryable)
        {
            return;
        }
        catch (KobbopayProblemException problem)
        {
            context.Say($"The resend of {eventId} is given up: {Failures.Short(problem)} Next: "
                + $"{NextSteps.Of(problem.Code) ?? "check the id."}");
        }

        File.Delete(file);
    }
}
