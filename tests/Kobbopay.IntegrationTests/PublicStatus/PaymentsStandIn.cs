using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.PublicStatus;

/// <summary>
/// What PublicStatus asks of Payments, on a port of its own and behind the real check of the caller's identity. The
/// test says what it knows and whether it is up.
/// </summary>
internal sealed class PaymentsStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, int> _questions = new(StringComparer.Ordinal);

    public PaymentsStandIn(string callerKey, TimeProvider clock)
    {
        var builder = WebApplication.CreateSlimBuilder(
        [
            "--applicationName=Kobbopay.Payments",
            "--urls=http://127.0.0.1:0",
            $"--Identity:Accept:{ResourceNames.PublicStatus}:0={callerKey}",
            "--Logging:LogLevel:Default=Warning",
            "--Logging:LogLevel:Microsoft.AspNetCore=Warning",
        ]);
        builder.Services.AddSingleton(clock);
        builder.AddServiceDefaults();
        _app = builder.Build();
        _app.UseServiceDefaults();
        _app.MapGet($"{InternalApi.PublicPayments}/{{token}}", View).RequireService(ResourceNames.PublicStatus);
        _app.MapGet(InternalApi.EventHeads, Heads).RequireService(ResourceNames.PublicStatus);
        _app.MapGet(InternalApi.Events, Events).RequireService(ResourceNames.PublicStatus);
    }

    public ConcurrentDictionary<string, PublicPayment> Views { get; } = new(StringComparer.Ordinal);

    /// <summary>What the feed holds; the bus need not have brought it.</summary>
    public ConcurrentQueue<PaymentChanged> Feed { get; } = new();

    public bool IsDown { get; set; }

    /// <summary>Answers wait for it while it is set.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public Uri Address => new(_app.Urls.First());

    public int QuestionsAbout(string token) => _questions.GetValueOrDefault(token);

    public Task StartAsync() => _app.StartAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> View(string token)
    {
        _questions.AddOrUpdate(token, 1, (_, asked) => asked + 1);
        if (Gate is { } gate)
            await gate.Task;
        if (IsDown)
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        return Views.TryGetValue(token, out var view)
            ? Results.Json(view, ContractsJson.Default.PublicPayment)
            : Results.NotFound();
    }

    private IResult Heads()
    {
        var heads =
            from e in Feed
            group e.Sequence by (e.MerchantId, e.Environment) into stream
            select new EventHead(stream.Key.MerchantId, stream.Key.Environment, stream.Max());
        return Results.Json(new EventHeads([.. heads]), ContractsJson.Default.EventHeads);
    }

    private IResult Events(Guid merchant, string environment, long after)
    {
        var stream = Feed.Where(e => e.MerchantId == merchant && e.Environment == environment).ToArray();
        var range = stream.Where(e => e.Sequence > after).OrderBy(e => e.Sequence);
        var latest = stream.Select(e => e.Sequence).DefaultIfEmpty().Max();
        return Results.Json(new EventRange([.. range], latest, OldestSequence: 1), ContractsJson.Default.EventRange);
    }
}
