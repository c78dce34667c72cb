using System.Net;

namespace Kobbopay.EndToEndTests.AppHost;

/// <summary>Waits when the gateway asks for it (429 with <c>Retry-After</c>), as a merchant's backend does.</summary>
internal sealed class PatientClient() : DelegatingHandler(new SocketsHttpHandler())
{
    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        while (true)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.TooManyRequests || answer.Headers.RetryAfter?.Delta is not { } wait)
                return answer;
            answer.Dispose();
            await Task.Delay(wait, TimeProvider.System, cancellationToken);
        }
    }
}
