using System.CommandLine;
using Kobbopay.Cli.Listening;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Verifies a webhook on this machine, with the secret that stays here.</summary>
internal static class WebhooksVerify
{
    private static readonly (WebhookSchemes Scheme, string Header)[] Signatures =
    [
        (WebhookSchemes.Standard, WebhookHeaders.StandardSignature),
        (WebhookSchemes.Kobbopay, WebhookHeaders.Signature),
        (WebhookSchemes.BodyOnly, WebhookHeaders.BodySignature),
    ];

    public static Command Of(Kobbo kobbo)
    {
        var secretFile = WebhookSecrets.FileOption();
        var (headers, body) = (CapturedRequest.HeadersOption(), CapturedRequest.BodyOption());
        var at = ReceivedAt();
        var command = new Command("verify", "Verify a webhook here: is it Kobbopay's, and if not, what is wrong")
        {
            secretFile, headers, body, at,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var secrets = WebhookSecrets.Require(context, parsed.GetValue(secretFile));
            var request = await CapturedRequest.ReadAsync(
                context, parsed.GetValue(headers), parsed.GetValue(body), cancellation);
            return Tell(context, request, secrets, parsed.GetValue(at) ?? context.Clock.GetUtcNow());
        });
    }

    public static Option<DateTimeOffset?> ReceivedAt() => new("--received-at")
    {
        Description = "When it came (such as 2030-01-31T12:00:00Z); now unless given",
    };

    private static int Tell(
        Context context, CapturedRequest request, IReadOnlyCollection<string> secrets, DateTimeOffset at)
    {
        var all = WebhookSignature.Verify(request.Header, request.Body, secrets, at);
        // The one without a time is never enough where another is there.
        if (all.Verdict == WebhookVerdict.MissingHeader && request.Header(WebhookHeaders.BodySignature) is not null)
            all = WebhookSignature.Verify(request.Header, request.Body, secrets, at, WebhookSchemes.All);
        var findings = Signatures.Select(one =>
        {
            var found = WebhookSignature.Verify(request.Header, request.Body, secrets, at, one.Scheme);
            return new VerifyFinding(one.Header, Code(found.Verdict), found.Reason);
        }).ToList();
        context.Answer(
            new VerifyDocument(all.IsValid, all.Reason, findings), DocumentJson.Default.VerifyDocument, () =>
            {
                var table = Sheet.Of("SIGNATURE", "VERDICT", "WHY");
                foreach (var one in findings)
                    table.With(one.Header, one.Verdict, one.Reason);
                return table;
            });
        if (all.IsValid)
            return ExitCodes.Done;
        throw new CliException($"Not valid: {all.Reason}", NextOf(all.Verdict));
    }

    private static string NextOf(WebhookVerdict verdict) => verdict switch
    {
        WebhookVerdict.MissingHeader =>
            "give all headers as they came; look for a proxy in between that drops them.",
        WebhookVerdict.TimestampOutsideTolerance =>
            "for an old capture add --received-at; else set the receiver's clock.",
        WebhookVerdict.SignatureMismatch =>
            "check that the secret is this endpoint's and the body the raw bytes; kobbo webhooks explain tells which.",
        WebhookVerdict.UnsignedBody => "give the raw body, before any parsing.",
        _ => "give the header exactly as it came.",
    };

    private static string Code(WebhookVerdict verdict) => string.Concat(verdict.ToString().Select((one, at) =>
        char.IsUpper(one) ? (at > 0 ? "_" : "") + char.ToLowerInvariant(one) : one.ToString()));
}
