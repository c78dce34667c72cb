using System.Collections.Concurrent;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>
/// A service behind the gateway, with the pipeline that every service has: its merchant routes answer only to an
/// identity that the gateway signed for it. It keeps what it received.
/// </summary>
internal sealed class Backend : IAsyncDisposable
{
    private static readonly string[] Public =
        ["/v1/public", "/pay", "/v1/access-requests", "/request-access", "/v1/claims", "/claim"];

    private readonly WebApplication _app;

    private Backend(WebApplication app) => _app = app;

    public Uri Url => new(_app.Urls.Single());

    public ConcurrentQueue<ReceivedRequest> Received { get; } = new();

    /// <summary>Keys by hash, as Payments' internal route tells them.</summary>
    public ConcurrentDictionary<string, ApiKeyDescription> Keys { get; } = new();

    public ConcurrentQueue<string> LookUps { get; } = new();

    /// <summary>The paths that it says it has, as JSON; null while it does not say.</summary>
    public string? Description { get; set; } = "{}";

    /// <summary>What every route answers with; an empty 200 unless set.</summary>
    public RequestDelegate Answer { get; set; } = _ => Task.CompletedTask;

    /// <summary>Whether look-ups of keys fail.</summary>
    public bool Fails { get; set; }

    public static async Task<Backend> StartAsync(
        string assembly, string key, TimeProvider? clock = null, int port = 0)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions
        {
            ApplicationName = assembly,
            Args = [$"--urls=http://127.0.0.1:{port}", $"--Identity:Accept:gateway:0={key}"],
        });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.AddServiceDefaults();

        var app = builder.Build();
        var backend = new Backend(app);
        app.UseServiceDefaults();
        app.MapGet("/internal/api-keys/{hash}", backend.DescribeKey).RequireService(ResourceNames.Gateway);
        app.MapGet(ApiDescriptionExtensions.Path, backend.Describe).RequireService(ResourceNames.Gateway);
        app.Map("/internal/{**rest}", backend.ReceiveAsync).AllowPublic();
        foreach (var prefix in Public)
            app.Map($"{prefix}/{{**rest}}", backend.ReceiveAsync).AllowPublic();
        app.Map("/v1/operator/{**rest}", backend.ReceiveAsync).RequireOperator();
        app.Map("/v1/{**rest}", backend.ReceiveAsync).RequireMerchant(Scopes.PaymentsRead);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return backend;
    }

    public ReceivedRequest Single() => Received.Should().ContainSingle().Subject;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public Task StopAsync() => _app.StopAsync(CancellationToken.None);

    private IResult DescribeKey(string hash)
    {
        LookUps.Enqueue(hash);
        if (Fails)
            return Results.StatusCode(500);
        return Keys.TryGetValue(hash, out var key)
            ? Results.Json(key, ContractsJson.Default.ApiKeyDescription)
            : Results.NotFound();
    }

    private IResult Describe() => Description is { } paths
        ? Results.Text(
            $$"""{"openapi":"3.1.1","info":{"title":"Kobbopay","version":"v1"},"paths":{{paths}}}""",
            "application/json")
        : Results.StatusCode(StatusCodes.Status503ServiceUnavailable);

    private async Task ReceiveAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        Received.Enqueue(new ReceivedRequest(
            http.Request.Method,
            http.Request.Path + http.Request.QueryString,
            http.Request.Headers.ToDictionary(
                header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray(),
            http.Features.Get<MerchantIdentity>(),
            http.Features.Get<OperatorIdentity>()));
        await Answer(http);
    }
}

internal sealed record ReceivedRequest(
    string Method, string Target, Dictionary<string, string> Headers, byte[] Body, MerchantIdentity? Merchant,
    OperatorIdentity? Operator);
