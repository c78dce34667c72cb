using System.Collections.Concurrent;
using System.Text.Json;
using Kobbopay.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>Operators come from a file, which changes while the gateway runs.</summary>
public sealed class OperatorReloadTests : GatewayHouse
{
    private readonly string _folder = Servers.NewFolder("gateway");
    private readonly ConcurrentQueue<string> _errors = [];

    protected override IReadOnlyDictionary<string, string> Settings =>
        new Dictionary<string, string> { ["contentRoot"] = _folder, ["Limits:WrongKeysPerMinute"] = "10000" };

    public override async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder);
        await ConfigureAsync(("ada", "adas key"), ("bob", "bobs key"));
        await base.InitializeAsync();
        Gateway.Services.GetRequiredService<ILoggerFactory>().AddProvider(new ErrorLog(_errors));
    }

    [Fact]
    public async Task A_removed_key_stops_working_and_a_new_one_works_without_a_restart()
    {
        (await OperateAsync("adas key")).Status.Should().Be(200);
        (await OperateAsync("cleos key")).ShouldBeProblem("invalid_api_key");

        await ConfigureAsync(("bob", "bobs key"), ("cleo", "cleos key"));

        await Eventually.TrueAsync(async () => (await OperateAsync("cleos key")).Status == 200);
        (await OperateAsync("adas key")).ShouldBeProblem("invalid_api_key");
        (await OperateAsync("bobs key")).Status.Should().Be(200);
        Payments.Received.Select(request => request.Operator!.Name).Should().Equal("ada", "cleo", "bob");

        await ConfigureAsync(("bob", "bobs other key"));

        await Eventually.TrueAsync(async () => (await OperateAsync("bobs other key")).Status == 200);
        (await OperateAsync("bobs key")).ShouldBeProblem("invalid_api_key");
        (await OperateAsync("cleos key")).ShouldBeProblem("invalid_api_key");
    }

    [Theory]
    [InlineData("""{"Operators": {"Keys": {"cleo": "cleos key, not its hash"}}}""")]
    [InlineData("""{"Operators": {"Keys": {}, "Oidc": {"Authority": "http://issuer.example", "Audience": "us"}}}""")]
    [InlineData("""{"Operators": {"Keys": """)]
    public async Task What_can_not_be_read_is_logged_and_the_last_good_operators_stay(string slip)
    {
        await WriteAsync(slip);

        await Eventually.SeeAsync(
            () => _errors.ToArray(), errors => errors.Any(error => error.Contains("configuration of Operators")));
        (await OperateAsync("adas key")).Status.Should().Be(200);
        (await OperateAsync("cleos key")).ShouldBeProblem("invalid_api_key");

        await ConfigureAsync(("cleo", "cleos key"));

        await Eventually.TrueAsync(async () => (await OperateAsync("cleos key")).Status == 200);
        (await OperateAsync("adas key")).ShouldBeProblem("invalid_api_key");
    }

    private Task<GatewayAnswer> OperateAsync(string key) =>
        SendPlainAsync(HttpMethod.Get, "/v1/operator/merchants", body: null, ("x-operator-key", key));

    private Task ConfigureAsync(params (string Name, string Key)[] operators) => WriteAsync(JsonSerializer.Serialize(new
    {
        Operators = new { Keys = operators.ToDictionary(one => one.Name, one => OperatorTests.HashOf(one.Key)) },
    }));

    private Task WriteAsync(string text) => File.WriteAllTextAsync(
        Path.Combine(_folder, "appsettings.json"), text, TestContext.Current.CancellationToken);

    private sealed class ErrorLog(ConcurrentQueue<string> errors) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                errors.Enqueue(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
