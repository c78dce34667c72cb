using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Kobbopay.ServiceDefaults.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.WebUtilities;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>
/// The gateway as it is, on a port of its own, with three services behind it; a test class's tests have one each.
/// </summary>
public abstract class GatewayHouse : IAsyncLifetime
{
    /// <summary>Nothing listens there: most tests need no broker, and the gateway needs none to answer.</summary>
    private const string NoBroker = "amqp://guest:guest@127.0.0.1:1/";

    private readonly Dictionary<string, string> _identityKeys = new(StringComparer.Ordinal);
    private readonly List<WebApplication> _gateways = [];
    private HttpClient? _client;

    internal Backend Payments { get; private set; } = null!;

    internal Backend Webhooks { get; private set; } = null!;

    internal Backend PublicStatus { get; private set; } = null!;

    /// <summary>A key that Payments knows.</summary>
    protected string Key { get; } = ApiKey.Create("test");

    protected ApiKeyDescription KeyDescription { get; } = new(
        Guid.CreateVersion7(DateTimeOffset.UnixEpoch), Guid.CreateVersion7(DateTimeOffset.UnixEpoch), "test",
        [Scopes.PaymentsRead, Scopes.Sandbox], ExpiresAt: null, Version: 1);

    /// <summary>The first one.</summary>
    protected WebApplication Gateway => _gateways[0];

    /// <summary>The first gateway's.</summary>
    protected Uri Url => new(Gateway.Urls.First());

    /// <summary>What this class's gateway is configured with besides; here limits that no test reaches.</summary>
    protected virtual IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["Limits:TestPerSecond"] = "10000",
        ["Limits:PublicBurst"] = "10000",
        ["Limits:WrongKeysPerMinute"] = "10000",
    };

    /// <summary>Everybody's clock; the system's when null.</summary>
    protected virtual TimeProvider? Clock => null;

    protected virtual Task<string> BrokerAsync() => Task.FromResult(NoBroker);

    public virtual async ValueTask InitializeAsync()
    {
        Payments = await StartBackendAsync(ResourceNames.Payments, "Kobbopay.Payments");
        Webhooks = await StartBackendAsync(ResourceNames.Webhooks, "Kobbopay.Webhooks");
        PublicStatus = await StartBackendAsync(ResourceNames.PublicStatus, "Kobbopay.PublicStatus");
        Payments.Keys[ApiKey.Hash(Key)] = KeyDescription;

        await StartGatewayAsync();
        _client = NewClient(Url);
    }

    public virtual async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        foreach (var gateway in _gateways)
            await gateway.DisposeAsync();
        await Payments.DisposeAsync();
        await Webhooks.DisposeAsync();
        await PublicStatus.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<Backend> StartBackendAsync(string service, string assembly, int port = 0)
    {
        if (!_identityKeys.TryGetValue(service, out var key))
            _identityKeys[service] = key = NewSecret();
        return await Backend.StartAsync(assembly, key, Clock, port);
    }

    /// <summary>One more of them, beside the first.</summary>
    protected async Task<WebApplication> StartGatewayAsync()
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["applicationName"] = "Kobbopay.Gateway",
            ["urls"] = "http://127.0.0.1:0",
            ["Logging:Console:LogLevel:Default"] = "None",
            ["ConnectionStrings:messaging"] = await BrokerAsync(),
            [$"services:{ResourceNames.Payments}:http:0"] = Payments.Url.ToString(),
            [$"services:{ResourceNames.Webhooks}:http:0"] = Webhooks.Url.ToString(),
            [$"services:{ResourceNames.PublicStatus}:http:0"] = PublicStatus.Url.ToString(),
        };
        foreach (var (service, key) in _identityKeys)
            settings[$"Identity:Issue:{service}"] = key;
        foreach (var (name, value) in Settings)
            settings[name] = value;

        var gateway = Kobbopay.Gateway.Program.Build(
            [.. settings.Select(setting => $"--{setting.Key}={setting.Value}")], Clock);
        _gateways.Add(gateway);
        await gateway.StartAsync(TestContext.Current.CancellationToken);
        return gateway;
    }

    protected static HttpClient NewClient(Uri url) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        ActivityHeadersPropagator = null,
    })
    { BaseAddress = url };

    /// <summary>Sends with the known key, unless <paramref name="headers"/> names another one.</summary>
    private protected Task<GatewayAnswer> SendAsync(string target, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, target, null, headers);

    private protected Task<GatewayAnswer> SendAsync(
        HttpMethod method, string target, HttpContent? body, params (string Name, string Value)[] headers) =>
        headers.Any(header => header.Name == "x-api-key")
            ? SendPlainAsync(method, target, body, headers)
            : SendPlainAsync(method, target, body, [.. headers, ("x-api-key", Key)]);

    /// <summary>Sends exactly these headers.</summary>
    private protected Task<GatewayAnswer> SendPlainAsync(
        HttpMethod method, string target, HttpContent? body, params (string Name, string Value)[] headers) =>
        SendByAsync(_client!, method, target, body, headers);

    private protected static async Task<GatewayAnswer> SendByAsync(
        HttpClient client, HttpMethod method, string target, HttpContent? body,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, target) { Content = body };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new GatewayAnswer(
            (int)answer.StatusCode,
            answer.Headers.Concat(answer.Content.Headers).ToDictionary(
                header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase),
            await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>
    /// Sends a request line as it stands, which a client library would tidy up first; answers the status.
    /// </summary>
    protected async Task<int> StatusOfRawAsync(string requestLine) =>
        (await StatusesOfRawAsync($"{requestLine}\r\nHost: x\r\nConnection: close\r\nx-api-key: {Key}\r\n\r\n"))[0];

    /// <summary>Sends these characters; answers the statuses of all answers, of which requests may ask two.</summary>
    protected async Task<IReadOnlyList<int>> StatusesOfRawAsync(string text)
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var connection = new TcpClient();
        await connection.ConnectAsync(Url.Host, Url.Port, cancellation);
        await using var stream = connection.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(text), cancellation);
        using var reader = new StreamReader(stream);
        var statuses = new List<int>();
        while (await ReadLineAsync(reader, cancellation) is { } line)
        {
            if (line.Contains("HTTP/1.1 ", StringComparison.Ordinal))
                statuses.Add(int.Parse(line.Split("HTTP/1.1 ")[1].Split(' ')[0]));
        }

        return statuses;
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadLineAsync(cancellation);
        }
        catch (IOException)
        {
            // Hung up on, with part of the request unread.
            return null;
        }
    }

    private static string NewSecret() => WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
}

internal sealed record GatewayAnswer(int Status, Dictionary<string, string> Headers, string Body)
{
    /// <summary>Holds the answer against RFC 9457 and the code's own status and page, and gives its detail.</summary>
    public string ShouldBeProblem(string code)
    {
        Headers["Content-Type"].Should().Be("application/problem+json");
        var problem = JsonDocument.Parse(Body).RootElement;
        problem.GetProperty("code").GetString().Should().Be(code);
        problem.GetProperty("status").GetInt32().Should().Be(Status).And.Be(ProblemCodes.All[code].Status);
        problem.GetProperty("type").GetString().Should().Be("/docs/errors#" + code.Replace('_', '-'));
        problem.GetProperty("requestId").GetString().Should().Be(Headers["X-Request-Id"]);
        return problem.GetProperty("detail").GetString()!;
    }
}
