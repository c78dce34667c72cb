using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.ServiceDefaults.Web.Description;
using Microsoft.Net.Http.Headers;

namespace Kobbopay.Gateway.Docs;

/// <summary>
/// <c>GET /openapi/v1.json</c>: what can be called here, by what the services say of themselves. Asked for again when
/// it is a minute old and somebody reads it; what a service said stays when it can't be asked.
/// </summary>
public sealed partial class ApiDescription(
    IHttpClientFactory clients, TimeProvider clock, ILogger<ApiDescription> logger) : IDisposable
{
    public static readonly TimeSpan KeptFor = TimeSpan.FromMinutes(1);

    /// <summary>A service that gave no answer is asked again after this.</summary>
    public static readonly TimeSpan RetriedAfter = TimeSpan.FromSeconds(5);

    /// <summary>Longest document of a service that is read, in bytes.</summary>
    private const int DocumentLimit = 4 * 1024 * 1024;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly string[] Services =
        [ResourceNames.Payments, ResourceNames.Webhooks, ResourceNames.PublicStatus];

    private readonly Dictionary<string, JsonNode> _documents = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _refreshing = new(1);
    private MergedDescription? _merged;
    private long _refreshAt;

    /// <summary>Null while a service has never been heard: half a document would be taken for the whole.</summary>
    public async ValueTask<MergedDescription?> ReadAsync(CancellationToken cancellation)
    {
        if (IsFresh)
            return _merged;
        // Whoever can be served does not wait for fresher news.
        if (!await _refreshing.WaitAsync(_merged is null ? Patience : TimeSpan.Zero, cancellation))
            return _merged;
        try
        {
            if (!IsFresh)
                await RefreshAsync();
        }
        finally
        {
            _refreshing.Release();
        }

        return _merged;
    }

    public void Dispose() => _refreshing.Dispose();

    private bool IsFresh => Volatile.Read(ref _refreshAt) is not 0 and var at && clock.GetTimestamp() < at;

    /// <summary>Not ended by the reader who asked first: others wait for the same answer.</summary>
    private async Task RefreshAsync()
    {
        var answers = await Task.WhenAll(Services.Select(AskAsync));
        foreach (var (service, answer) in Services.Zip(answers))
        {
            if (answer is not null)
                _documents[service] = answer;
        }

        if (_documents.Count == Services.Length)
        {
            var merged = new MergedDescription(Services.Select(service => _documents[service]));
            if (merged.Conflicts.Count > 0 && merged.ETag != _merged?.ETag)
                LogConflicts(string.Join(", ", merged.Conflicts));
            Volatile.Write(ref _merged, merged);
        }

        var again = answers.Contains(null) ? RetriedAfter : KeptFor;
        Volatile.Write(ref _refreshAt, clock.GetTimestamp() + (long)(again.TotalSeconds * clock.TimestampFrequency));
    }

    private async Task<JsonNode?> AskAsync(string service)
    {
        try
        {
            using var timeout = new CancellationTokenSource(Patience, clock);
            using var client = clients.CreateClient(ClientOf(service));
            var answer = await client.GetByteArrayAsync(
                new Uri(ApiDescriptionExtensions.Path, UriKind.Relative), timeout.Token);
            return JsonNode.Parse(answer);
        }
        catch (Exception failure) when (
            failure is HttpRequestException or OperationCanceledException or JsonException)
        {
            LogNotHeard(service, failure.Message);
            return null;
        }
    }

    private static string ClientOf(string service) => $"{nameof(ApiDescription)}-{service}";

    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<ApiDescription>();
        foreach (var service in Services)
        {
            services.AddServiceClient(ClientOf(service), service)
                .ConfigureHttpClient(http => http.MaxResponseContentBufferSize = DocumentLimit);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The service {Service} does not say what can be called there: {Reason}")]
    private partial void LogNotHeard(string service, string reason);

    [LoggerMessage(LogLevel.Warning, "Services describe different things under one name: {Names}")]
    private partial void LogConflicts(string names);
}

public static class ApiDescriptionRoute
{
    /// <summary>Seconds that a reader may keep it without asking.</summary>
    private const string CacheControl = "public, max-age=60";

    public static void AddPublicDescription(this WebApplicationBuilder builder) =>
        ApiDescription.AddTo(builder.Services);

    public static void MapPublicDescription(this WebApplication app) =>
        app.MapMethods(ApiDescriptionExtensions.Path, [HttpMethods.Get, HttpMethods.Head], HandleAsync).AllowPublic();

    private static async Task HandleAsync(
        HttpContext http, ApiDescription description, CancellationToken cancellation)
    {
        http.Response.Headers.AccessControlAllowOrigin = "*";
        http.Response.Headers.AccessControlExposeHeaders = "ETag, Retry-After, X-Request-Id";
        if (await description.ReadAsync(cancellation) is { } merged)
        {
            http.Response.Headers.CacheControl = CacheControl;
            await Results
                .Bytes(merged.Bytes, "application/json", entityTag: EntityTagHeaderValue.Parse(merged.ETag))
                .ExecuteAsync(http);
            return;
        }

        await Problems.WriteAsync(http, new ProblemException(
            ProblemCodes.ServiceUnavailable, "A service has not yet said what can be called there.")
        {
            RetryAfterSeconds = (int)ApiDescription.RetriedAfter.TotalSeconds,
        });
    }
}
