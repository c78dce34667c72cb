using System.CommandLine;
using System.Globalization;
using Kobbopay.Cli.Listening;
using Kobbopay.Cli.Running;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Has the events of the feed arrive at a receiver of this machine, as webhooks do.</summary>
internal static class Listen
{
    private const string Now = "now";
    private const string Beginning = "beginning";

    public static Command Of(Kobbo kobbo)
    {
        var target = ForwardTo();
        target.Required = true;
        var secretFile = WebhookSecrets.FileOption();
        var from = new Option<string>("--from")
        {
            Description = "Instead of where it ended the last time: now, beginning, or a sequence of the feed",
        };
        from.CompletionSources.Add(Now, Beginning);
        from.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not (Now or Beginning) and var given
                && (!long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var at) || at < 1))
            {
                result.AddError("--from takes now, beginning, or a sequence from 1 on.");
            }
        });
        var types = new Option<string[]>("--events")
        {
            Description = "Only these types, such as payment.paid or payment.*",
            AllowMultipleArgumentsPerToken = true,
        };
        types.CompletionSources.Add("payment.*", "payment.created", "payment.paid", "payment.confirmed");
        var skip = new Option<bool>("--skip-failed")
        {
            Description = "Go on when the receiver has not taken an event after four attempts; else it is waited for",
        };
        var show = new Option<bool>("--show-secret") { Description = "Print the secret that is signed with" };
        var command = new Command(
            "listen", "Forward the events to a URL, signed as the server signs; goes on where it ended the last time")
        {
            target, secretFile, from, types, skip, show,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var url = Forwarder.TargetOf(parsed.GetRequiredValue(target));
            var given = WebhookSecrets.Read(context, parsed.GetValue(secretFile));
            var state = await ListenState.OfAsync(context, cancellation);
            using var mine = state.TryLock() ?? throw new CliException(
                $"Another kobbo listen of the profile {context.Profile} runs here already.",
                "stop it, or listen with a profile of its own: --profile NAME.");
            var secret = SecretOf(context, state, given, parsed.GetValue(show));
            var after = await StartAsync(context, state, parsed.GetValue(from), cancellation);
            context.Say($"Listening {Place(after)}, forwarding to {url}. Ctrl+C stops it; the next run goes on there.");
            using var forwarder = new Forwarder(url, secret, context.Clock);
            using var deliverer = new Deliverer(context, forwarder);
            var consumer = new EventFeedConsumer(
                context.Client, state.Cursor,
                (one, token) => deliverer.SendAsync(one, parsed.GetValue(skip), token))
            {
                Types = parsed.GetValue(types) ?? [],
            };
            await TogetherAsync(
                cancellation,
                consumer.RunAsync,
                token => Resends.RunAsync(context, state, deliverer, token));
            return ExitCodes.Done;
        });
    }

    public static Option<string> ForwardTo() => new("--forward-to")
    {
        Description = "Where your receiver listens",
        HelpName = "http://localhost:3000/webhooks",
    };

    /// <summary>None outlives the other.</summary>
    private static async Task TogetherAsync(
        CancellationToken cancellation, params Func<CancellationToken, Task>[] loops)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = loops.Select(loop => loop(end.Token)).ToList();
        var first = await Task.WhenAny(running);
        await end.CancelAsync();
        await Task.WhenAll(running.Select(one => one.ContinueWith(_ => { }, TaskScheduler.Default)));
        await first;
    }

    private static string SecretOf(Context context, ListenState state, IReadOnlyList<string> given, bool isShown)
    {
        var secret = given.Count > 0 ? given[0] : state.Secret();
        if (given.Count == 0)
        {
            context.Say($"Signing with the secret in {state.SecretFile}. Give it to your receiver: "
                + $"{WebhookSecrets.Variable}=$(cat {state.SecretFile})");
        }

        if (isShown)
            context.Terminal.Error.WriteLine(secret);
        return secret;
    }

    /// <summary>Stores where to begin, so that what comes while nobody listens arrives in the next run.</summary>
    /// <returns>Null for the beginning.</returns>
    private static async Task<long?> StartAsync(
        Context context, ListenState state, string? from, CancellationToken cancellation)
    {
        var stored = await state.Cursor.ReadAsync(cancellation);
        if (from is null && stored is not null)
            return stored;
        if (from == Beginning)
        {
            state.ForgetCursor();
            return null;
        }

        var after = from is null or Now
            ? (await context.Client.Events.ReadAsync(limit: 1, cancellationToken: cancellation)).LatestSequence
            : long.Parse(from, NumberStyles.None, CultureInfo.InvariantCulture) - 1;
        await state.Cursor.SaveAsync(after, cancellation);
        return after;
    }

    private static string Place(long? after) =>
        after is null ? "from the oldest event on" : FormattableString.Invariant($"for events after #{after}");
}
