namespace Kobbopay.EndToEndTests.MainJob;

public sealed class DescriptionTests(KobbopayFixture system) : IClassFixture<KobbopayFixture>
{
    [Fact]
    public async Task The_running_system_describes_itself_as_the_page_does()
    {
        using var anybody = new HttpClient(new SocketsHttpHandler()) { BaseAddress = system.Kobbopay.Url };

        var said = await anybody.GetStringAsync(
            new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken);

        $"{said}\n".Should().Be(ShellExamples.Page("docs/openapi.json"));
    }
}
