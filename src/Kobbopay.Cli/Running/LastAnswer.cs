namespace Kobbopay.Cli.Running;

/// <summary>Keeps the last JSON answer as it came: <c>--json</c> prints the interface's own bytes, with fields that
/// this tool does not know yet.</summary>
internal sealed class LastAnswer : DelegatingHandler
{
    private const int Largest = 32 * 1024 * 1024;

    public LastAnswer()
    {
        // A redirect would carry the key to wherever it leads.
        InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
    }

    public byte[] Json { get; private set; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answer = await base.SendAsync(request, cancellationToken);
        if (answer.IsSuccessStatusCode && answer.Content.Headers.ContentType?.MediaType == "application/json")
        {
            await answer.Content.LoadIntoBufferAsync(Largest, cancellationToken);
            Json = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
        }

        return answer;
    }
}
