using System.Net;
using Kobbopay.Gateway;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>Requests without a key that are answered for as long as the caller stays.</summary>
public sealed class OpenStreamsTests : GatewayHouse
{
    private const string Stream = "v1/public/payments/pst_1/stream";

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["Limits:StreamsPerAddress"] = "2",
        ["Limits:PublicBurst"] = "10000",
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        PublicStatus.Answer = async http =>
        {
            if (!OpenStreams.IsOne(http.Request))
                return;
            await http.Response.WriteAsync("retry: 2000\n\n", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, http.RequestAborted);
        };
    }

    [Fact]
    public async Task An_address_has_so_many_streams_and_may_ask_all_the_same()
    {
        using var visitor = NewClient(Url);
        var first = await OpenAsync(visitor);
        using var second = await OpenAsync(visitor);
        first.StatusCode.Should().Be(HttpStatusCode.OK);
        second.StatusCode.Should().Be(HttpStatusCode.OK);

        var third = await SendAsync($"/{Stream}");
        third.ShouldBeProblem("rate_limited").Should().Contain("At most 2 streams");
        third.Headers["Retry-After"].Should().Be("10");
        (await SendAsync("/v1/public/payments/pst_1")).Status.Should().Be(200);

        first.Dispose();
        await Eventually.TrueAsync(async () =>
        {
            using var again = await OpenAsync(visitor);
            return again.StatusCode == HttpStatusCode.OK;
        });
    }

    private static Task<HttpResponseMessage> OpenAsync(HttpClient visitor) => visitor.GetAsync(
        new Uri(Stream, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Cancellation);
}
