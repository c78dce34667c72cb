using System.Net;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.Durability;

namespace Kobbopay.PublicStatus;

/// <summary>
/// Asks Payments for one view: on a projection miss, and when there has been no news of an open payment.
/// </summary>
public sealed partial class PaymentsReader(IHttpClientFactory http, TimeProvider clock, ILogger<PaymentsReader> logger)
    : IDisposable
{
    /// <summary>Questions under way at once; a flood of unknown tokens must not become one on Payments.</summary>
    private const int AtOnce = 32;

    /// <summary>For the whole question, the wait for its turn included.</summary>
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turns = new(AtOnce);

    public async Task<PaymentsAnswer> AskAsync(string token)
    {
        using var limit = new CancellationTokenSource(TimeLimit, clock);
        try
        {
            await _turns.WaitAsync(limit.Token);
            try
            {
                return await FetchAsync(token, limit.Token);
            }
            finally
            {
                _turns.Release();
            }
        }
        catch (Exception unreachable)
            when (unreachable is HttpRequestException or OperationCanceledException or JsonException)
        {
            LogUnreachable(unreachable.Message);
            return new PaymentsAnswer.Unreachable();
        }
    }

    private async Task<PaymentsAnswer> FetchAsync(string token, CancellationToken cancellation)
    {
        var path = new Uri($"{InternalApi.PublicPayments}/{Uri.EscapeDataString(token)}", UriKind.Relative);
        using var response = await http.CreateClient(FeedHealer.HttpClientName).GetAsync(path, cancellation);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return new PaymentsAnswer.Unknown();
        response.EnsureSuccessStatusCode();
        var view = await response.Content.ReadFromJsonAsync(ContractsJson.Default.PublicPayment, cancellation);
        return new PaymentsAnswer.Found(view ?? throw new JsonException("Payments answered null"));
    }

    public void Dispose() => _turns.Dispose();

    [LoggerMessage(LogLevel.Warning, "Payments could not be asked for a view, so what is known is served: {Reason}")]
    private partial void LogUnreachable(string reason);
}

public abstract record PaymentsAnswer
{
    public sealed record Found(PublicPayment View) : PaymentsAnswer;

    public sealed record Unknown : PaymentsAnswer;

    public sealed record Unreachable : PaymentsAnswer;
}
