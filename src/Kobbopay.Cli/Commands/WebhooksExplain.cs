using System.CommandLine;
using Kobbopay.Cli.Listening;
using Kobbopay.Cli.Running;
using Kobbopay.Cli.Views;
using Kobbopay.Client;

namespace Kobbopay.Cli.Commands;

/// <summary>Asks Kobbopay, who has the secrets, why a signature does not verify.</summary>
internal static class WebhooksExplain
{
    public static Command Of(Kobbo kobbo)
    {
        var (headers, body) = (CapturedRequest.HeadersOption(), CapturedRequest.BodyOption());
        var endpoint = new Option<string>("--endpoint") { Description = "The endpoint, whe_...; any unless given" };
        var at = WebhooksVerify.ReceivedAt();
        var command = new Command("explain", "Have Kobbopay say why a signature does not verify; needs no secret")
        {
            headers, body, endpoint, at,
        };
        return kobbo.Handle(command, async (context, parsed, cancellation) =>
        {
            var request = await CapturedRequest.ReadAsync(
                context, parsed.GetValue(headers), parsed.GetValue(body), cancellation);
            SignatureExplanation said = await context.Client.WebhookTools.ExplainSignatureAsync(
                new ExplainSignatureRequest
                {
                    Headers = request.Headers,
                    BodyBase64 = Convert.ToBase64String(request.Body),
                    EndpointId = parsed.GetValue(endpoint),
                    ReceivedAt = parsed.GetValue(at),
                },
                cancellationToken: cancellation);
            context.Answer(() =>
            {
                var table = Sheet.Of("SIGNATURE", "VERDICT", "ENDPOINT", "SECRET", "BODY", "WHY");
                foreach (var one in said.Signatures)
                {
                    table.With(
                        one.Header, one.Verdict, one.EndpointId, one.Secret, one.BodyDifference, one.Explanation);
                }

                return table;
            });
            if (said.Verdict == "valid")
                return ExitCodes.Done;
            throw new CliException(
                $"{said.Verdict}: {said.Explanation}",
                "change the receiver so, and try it: kobbo webhooks test ENDPOINT_ID.");
        });
    }
}
