using Kobbopay.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.UnitTests.Sdk;

public sealed class RegistrationTests
{
    [Fact]
    public async Task A_registered_client_has_its_options_its_clock_and_the_handlers_of_the_application()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(429, "slow", "text/plain").Answers(200, Samples.Payment());
        var services = new ServiceCollection();
        var clock = new EagerClock();
        services.AddSingleton<TimeProvider>(clock);
        services.AddKobbopayClient(options =>
        {
            options.BaseAddress = new Uri("https://proxy.example.com/kobbopay");
            options.ApiKey = "kp_test_other";
        }).ConfigurePrimaryHttpMessageHandler(() => server);
        await using var provider = services.BuildServiceProvider();

        var read = provider.GetRequiredService<KobbopayClient>()
            .Payments.GetAsync("pay_1", TestContext.Current.CancellationToken);
        (await read).PaymentId.Should().Be("pay_1");
        server.Requests.Should().HaveCount(2).And.OnlyContain(request =>
            request.Path == "/kobbopay/v1/payments/pay_1" && request.Headers["x-api-key"] == "kp_test_other");
    }

    [Fact]
    public void A_client_without_an_address_is_refused_where_it_is_made()
    {
        using var server = new ScriptedKobbopay();
        using var http = new HttpClient(server);

        FluentActions.Invoking(() => new KobbopayClient(http)).Should().Throw<ArgumentException>();
        http.BaseAddress = new Uri("https://api.example.com");
        new KobbopayClient(http).Payments.Should().NotBeNull();
    }

    [Fact]
    public async Task A_stream_that_is_cut_off_goes_on_where_it_was()
    {
        using var server = new ScriptedKobbopay();
        server.Answers(200, Samples.Stream("Pending", "v1"), "text/event-stream")
            .Fails(new HttpRequestException(HttpRequestError.ConnectionError, "refused"))
            .Answers(200, Samples.Stream("Paid", "v2"), "text/event-stream");

        var seen = await server.Client.PublicStatus.FollowAsync("pst_1", TestContext.Current.CancellationToken)
            .Take(2).Select(one => one.Status).ToListAsync(TestContext.Current.CancellationToken);

        seen.Should().Equal("Pending", "Paid");
        server.Requests.Select(request => request.Headers.GetValueOrDefault("Last-Event-ID"))
            .Should().Equal(null, "v1", "v1");
        server.Requests.Should().OnlyContain(request => !request.Headers.ContainsKey("x-api-key"));
    }

    [Fact]
    public async Task A_public_route_is_asked_without_the_key()
    {
        using var server = new ScriptedKobbopay();
        server.Refuses(404, "not_found");

        var read = () => server.Client.PublicStatus.GetAsync("pst_1", TestContext.Current.CancellationToken);

        await read.Should().ThrowAsync<KobbopayProblemException>();
        server.Requests.Should().ContainSingle().Which.Headers.Should().NotContainKey("x-api-key");
    }
}
