using System.CommandLine;
using Kobbopay.Cli.Listening;
using Kobbopay.Cli.Running;
using Kobbopay.Client;
using Spectre.Console;

namespace Kobbopay.Cli.Commands;

/// <summary>
/// Sends an event once more: to a URL, to <c>kobbo listen</c>, or to where it was sent before, and to a running
/// <c>listen</c> with it.
/// </summary>
internal static class EventsResend
{
    public static Command Of(Kobbo kobbo)
    {
        var id = Inputs.Id("EVENT_ID", "evt_", "Event id");
        var target = Listen.ForwardTo();
        var secretFile = WebhookSecrets.FileOption();
        var toListen = new Option<bool>("--listen")
        {
            Description = "Only to kobbo listen of this profile: the running one, or the next",
        };
        var command = new Command("resend", "Send an event again, the same bytes signed anew")
        {
            id, target, secretFile, toListen,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(target) is not null && result.GetResult(toListen) is not null)
                result.AddError("--forward-to and --listen exclude each other.");
        });
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var eventId = parsed.GetRequiredValue(id);
            if (parsed.GetValue(target) is { } url)
            {
                return await ForwardAsync(
                    context, eventId, Forwarder.TargetOf(url), parsed.GetValue(secretFile), cancellation);
            }

            var state = await ListenState.OfAsync(context, cancellation);
            return parsed.GetValue(toListen)
                ? await LayAsync(context, state, eventId, cancellation)
                : await RedeliverAsync(context, state, eventId, cancellation);
        });
    }

    private static async Task<int> ForwardAsync(
        Context context, string eventId, Uri url, string? secretFile, CancellationToken cancellation)
    {
        var given = WebhookSecrets.Read(context, secretFile);
        var one = await context.Client.Events.GetAsync(eventId, cancellation);
        var secret = given.Count > 0 ? given[0] : (await ListenState.OfAsync(context, cancellation)).Secret();
        using var forwarder = new Forwarder(url, secret, context.Clock);
        using var deliverer = new Deliverer(context, forwarder);
        if (await deliverer.ResendAsync(one, cancellation))
            return ExitCodes.Done;
        throw new CliException(
            $"{url} has not taken {eventId}.", "look at what the receiver says, and run the same command again.");
    }

    private static async Task<int> LayAsync(
        Context context, ListenState state, string eventId, CancellationToken cancellation)
    {
        // A mistaken id is told here and not in the other terminal.
        await context.Client.Events.GetAsync(eventId, cancellation);
        state.Lay(eventId, context.Clock.GetUtcNow());
        Tell(context, new ResendDocument(eventId, [], Listen: true));
        if (!state.IsRunning())
            context.Say($"No kobbo listen of the profile {context.Profile} runs: the next one sends it.");
        return ExitCodes.Done;
    }

    private static async Task<int> RedeliverAsync(
        Context context, ListenState state, string eventId, CancellationToken cancellation)
    {
        var filter = new WebhookDeliveryFilter { EventId = eventId };
        var sent = new List<string>();
        await foreach (var one in context.Client.WebhookDeliveries.ListAsync(filter, cancellationToken: cancellation))
        {
            await context.Client.WebhookDeliveries.RedeliverAsync(one.Id, cancellationToken: cancellation);
            sent.Add(one.Id);
        }

        var isListening = state.IsRunning();
        if (isListening)
            state.Lay(eventId, context.Clock.GetUtcNow());
        if (sent.Count == 0 && !isListening)
        {
            await context.Client.Events.GetAsync(eventId, cancellation);
            throw new CliException(
                $"{eventId} was sent to no endpoint, and no kobbo listen runs.",
                $"kobbo events resend {eventId} --forward-to URL; for an endpoint that was made later: POST "
                + "/v1/webhook-endpoints/ID/replay-missing.");
        }

        Tell(context, new ResendDocument(eventId, sent, isListening));
        if (sent.Count > 0)
            context.Say($"Next: kobbo deliveries list --event {eventId}");
        return ExitCodes.Done;
    }

    private static void Tell(Context context, ResendDocument done) =>
        context.Answer(done, DocumentJson.Default.ResendDocument, () => new Text(
            $"{done.Event} goes again to {string.Join(" and ", Targets(done))}."));

    private static IEnumerable<string> Targets(ResendDocument done)
    {
        if (done.Deliveries.Count > 0)
            yield return $"{done.Deliveries.Count} endpoint(s), {string.Join(", ", done.Deliveries)}";
        if (done.Listen)
            yield return "kobbo listen";
    }
}
