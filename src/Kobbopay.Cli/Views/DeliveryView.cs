using Kobbopay.Client;
using Spectre.Console;

namespace Kobbopay.Cli.Views;

/// <summary>Deliveries and their attempts as people read them.</summary>
internal static class DeliveryView
{
    private const int LongestAnswer = 200;

    public static Grid Of(WebhookDelivery one) => Sheet.Facts(
        ("delivery", one.Id), ("status", one.Status), ("event", $"{one.EventType} {one.EventId}"),
        ("payment", one.PaymentId), ("endpoint", one.EndpointId), ("url", one.Url),
        ("attempts", $"{one.AttemptCount}"), ("next attempt", Sheet.Time(one.NextAttemptAt)),
        ("created", Sheet.Time(one.CreatedAt)), ("finished", Sheet.Time(one.FinishedAt)));

    public static Table Of(IEnumerable<WebhookDelivery> all)
    {
        var table = Sheet.Of("DELIVERY", "STATUS", "ATTEMPTS", "TYPE", "EVENT", "ENDPOINT", "CREATED");
        foreach (var one in all)
        {
            table.With(
                one.Id, one.Status, $"{one.AttemptCount}", one.EventType, one.EventId, one.EndpointId,
                Sheet.Time(one.CreatedAt));
        }

        return table;
    }

    public static Table Of(IEnumerable<WebhookAttempt> attempts)
    {
        var table = Sheet.Of("ATTEMPT", "STARTED", "OUTCOME", "STATUS", "LATENCY", "ERROR", "ANSWER");
        foreach (var one in attempts)
        {
            table.With(
                $"{one.Number}", Sheet.Time(one.StartedAt), one.Outcome, $"{one.StatusCode}",
                one.LatencyMs is { } ms ? $"{ms} ms" : null, one.ErrorKind, Short(one.ResponseBody));
        }

        return table;
    }

    private static string? Short(string? text) => text is { Length: > LongestAnswer } ? text[..LongestAnswer] : text;
}
