using System.Globalization;
using System.Text.Json;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.LocalServers;
using Kobbopay.Testing;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>Receivers, right and wrong ones, and their endpoints.</summary>
internal static class Certifying
{
    public const string Route = "/v1/certification";

    /// <summary>A merchant whose one endpoint is at this URL, with this secret and without X-Signature.</summary>
    public static async Task<(TestMerchant Merchant, string Endpoint)> MerchantAsync(
        WebhooksHouse house, Uri url, string secret)
    {
        var (merchant, id) = (house.NewMerchant(), Id.New(TimeProvider.System));
        var put = await house.PutAsPaymentsAsync(
            $"{InternalApi.WebhookEndpoints}/{id}",
            new FirstEndpoint(merchant.Identity.MerchantId, "test", url.ToString(), secret));
        put.Body.GetRawText().Should().Be("""{"problem":null}""");
        return (merchant, Id.Format(Id.WebhookEndpoint, id));
    }

    /// <summary>"name status" of each check.</summary>
    public static string[] Results(this Answer report) =>
        [.. report.Checks().Select(check => $"{Text(check, "name")} {Text(check, "status")}")];

    /// <summary>"name status observed" of those that did not pass.</summary>
    public static string[] Faults(this Answer report) =>
    [
        .. report.Checks().Where(check => Text(check, "status") != "passed")
            .Select(check => $"{Text(check, "name")} {Text(check, "status")}: {Text(check, "observed")}"),
    ];

    public static string? AdviceFor(this Answer report, string name) =>
        Text(report.Checks().Single(check => Text(check, "name") == name), "advice");

    public static IEnumerable<JsonElement> Checks(this Answer report) =>
        report.Body.GetProperty("checks").EnumerateArray();

    /// <summary>As the samples do it.</summary>
    public static WebhookAnswer Right(ReceivedWebhook request, string secret) =>
        Verified(request, secret, request.ReceivedAt, name => request.Headers.GetValueOrDefault(name));

    /// <summary>Believes whatever time the request names.</summary>
    public static WebhookAnswer WithoutClock(ReceivedWebhook request, string secret) => Verified(
        request, secret,
        DateTimeOffset.FromUnixTimeSeconds(
            long.Parse(request.Headers[WebhookHeaders.StandardTimestamp], CultureInfo.InvariantCulture)),
        name => request.Headers.GetValueOrDefault(name));

    /// <summary>Takes the list of signatures for one.</summary>
    public static WebhookAnswer WithOneSignature(ReceivedWebhook request, string secret) => Verified(
        request, secret, request.ReceivedAt,
        name => request.Headers.GetValueOrDefault(name)?.Split(' ')[0]);

    /// <summary>A sample as its README starts it.</summary>
    public static async Task<(ChildProcess Process, Uri Url)> StartSampleAsync(string program, string secret)
    {
        var announced = new TaskCompletionSource<Uri>();
        const string Announcement = "listening on ";
        var sample = program == "node"
            ? Checkout.PathOf("samples", "receiver-node", "receiver.mjs")
            : Path.Combine(AppContext.BaseDirectory, "Kobbopay.Samples.Receiver.dll");
        var process = await ChildProcess.StartAsync(
            new ChildCommand("receiver", program, [sample])
            {
                Environment = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["PORT"] = "0",
                    ["KOBBOPAY_WEBHOOK_SECRET"] = secret,
                },
                OnLine = line =>
                {
                    if (line.StartsWith(Announcement, StringComparison.Ordinal))
                        announced.TrySetResult(new Uri(line[Announcement.Length..]));
                },
            },
            TestContext.Current.CancellationToken);
        return (process, await announced.Task.WaitAsync(TestContext.Current.CancellationToken));
    }

    private static WebhookAnswer Verified(
        ReceivedWebhook request, string secret, DateTimeOffset now, Func<string, string?> header)
    {
        var result = WebhookSignature.Verify(header, request.Body, [secret], now);
        return result.IsValid ? WebhookAnswer.Of(200) : WebhookAnswer.Of(401) with { Body = $"{result.Verdict}" };
    }

    private static string? Text(JsonElement check, string name) => check.GetProperty(name).GetString();
}
