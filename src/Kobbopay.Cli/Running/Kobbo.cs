using System.CommandLine;
using System.CommandLine.Invocation;
using Kobbopay.Cli.Commands;

namespace Kobbopay.Cli.Running;

/// <summary>The tool: its commands, and how they are run and fail.</summary>
internal sealed class Kobbo
{
    public const string DefaultProfile = "default";

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly Terminal _terminal;
    private readonly RootCommand _root;

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print JSON and nothing else: one document, or one a line for what goes on",
        Recursive = true,
    };

    private readonly Option<string> _profile = new("--profile")
    {
        Description = "Whose key: one of several that were logged in",
        DefaultValueFactory = _ => DefaultProfile,
        Recursive = true,
    };

    public Kobbo(Terminal terminal)
    {
        _terminal = terminal;
        _profile.Validators.Add(result =>
        {
            var name = result.GetValueOrDefault<string>();
            if (string.IsNullOrEmpty(name) || !name.All(one => char.IsAsciiLetterOrDigit(one) || one is '-' or '_'))
                result.AddError("--profile takes letters, digits, - and _.");
        });
        _root = new RootCommand(
            "Kobbopay on the command line. Where to begin: kobbo login, kobbo payments create, kobbo listen.\n"
            + ExitCodes.Help)
        {
            _json,
            _profile,
            Login.Of(this),
            Logout.Of(this),
            new Command("payments", "Payments: create, look at, follow")
            {
                PaymentsCreate.Of(this), PaymentsGet.Of(this), PaymentsList.Of(this), PaymentsCancel.Of(this),
                PaymentsWatch.Of(this),
            },
            RailsList.Of(this),
            Pay.Of(this),
            Scenario.Of(this),
            new Command("sandbox", "The simulated chain; test keys only")
            {
                SandboxMine.Of(this), SandboxAdvance.Of(this),
            },
            Listen.Of(this),
            new Command("events", "Events of the feed") { EventsList.Of(this), EventsResend.Of(this) },
            new Command("webhooks", "Webhook endpoints and signatures")
            {
                WebhooksList.Of(this), WebhooksTest.Of(this), WebhooksVerify.Of(this), WebhooksExplain.Of(this),
            },
            new Command("deliveries", "What was sent to endpoints, and how they answered")
            {
                DeliveriesList.Of(this), DeliveriesGet.Of(this), DeliveriesRedeliver.Of(this),
            },
            Certify.Of(this),
            Open.Of(this),
            Completion.Of(this),
        };
    }

    public async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellation = default)
    {
        var parsed = _root.Parse(arguments);
        // Help, version and suggestions have actions of their own, which no error stands in the way of.
        if (parsed.Errors.Count > 0 && parsed.Action is ParseErrorAction)
            return Usage(parsed, arguments);
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = _terminal.Output,
                Error = _terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = StopPatience,
            },
            cancellation);
    }

    /// <summary>Makes a command do its work, and tell its failures.</summary>
    public Command Handle(Command command, Func<Context, ParseResult, CancellationToken, Task<int>> work)
    {
        command.SetAction(async (parsed, cancellation) =>
        {
            var isJson = parsed.GetValue(_json);
            using var context = new Context(_terminal, parsed.GetValue(_profile) ?? DefaultProfile, isJson);
            try
            {
                return await work(context, parsed, cancellation);
            }
            catch (Exception cause)
            {
                var failure = Failures.Of(cause, context.UrlIfKnown);
                Failures.Write(failure, _terminal, isJson);
                return failure.ExitCode;
            }
        });
        return command;
    }

    private int Usage(ParseResult parsed, IReadOnlyList<string> arguments)
    {
        var command = parsed.CommandResult.Command;
        var path = Path(parsed.CommandResult);
        var next = arguments.Any(Redaction.IsSecret)
            ? "a secret in an argument is in the shell's history now: roll it. Keys go to kobbo login, by its prompt, "
            + "--key-stdin or KOBBOPAY_API_KEY; webhook secrets into --secret-file or KOBBOPAY_WEBHOOK_SECRET."
            : $"{path} --help";
        var failure = new Failure(
            string.Join(' ', parsed.Errors.Select(one => one.Message)), next, ExitCodes.Usage)
        {
            Details = command.Subcommands.Count == 0 ? []
                : [$"{path} has: {string.Join(", ", command.Subcommands.Select(one => one.Name))}"],
        };
        Failures.Write(failure, _terminal, arguments.Contains("--json", StringComparer.Ordinal));
        return failure.ExitCode;
    }

    private static string Path(System.CommandLine.Parsing.CommandResult result)
    {
        var names = new Stack<string>();
        for (System.CommandLine.Parsing.SymbolResult? at = result; at is not null; at = at.Parent)
        {
            if (at is System.CommandLine.Parsing.CommandResult { Command: { } one })
                names.Push(one is RootCommand ? "kobbo" : one.Name);
        }

        return string.Join(' ', names);
    }
}
