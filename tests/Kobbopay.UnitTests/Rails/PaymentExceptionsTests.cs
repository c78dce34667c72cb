using Kobbopay.Contracts;
using Kobbopay.Payments;
using Kobbopay.Payments.Exceptions;
using Kobbopay.UnitTests.Domain;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Kobbopay.UnitTests.Rails;

/// <summary>An exception is an alert, too.</summary>
public sealed class PaymentExceptionsTests
{
    private static readonly PaymentDetails Details = new()
    {
        Id = Guid.CreateVersion7(Lives.Start),
        MerchantId = Guid.Empty,
        Environment = MerchantEnvironments.Test,
        Currency = "USDT",
        Network = "testnet",
        Chain = "testnet",
        Contract = null,
        Decimals = 1,
        OrderId = "order",
        Metadata = new Dictionary<string, string>(StringComparer.Ordinal),
        DepositAddress = "address",
        AddressPath = "0/0",
        XpubFingerprint = null,
        PaymentUri = "uri",
        PublicToken = "pst",
    };

    [Fact]
    public async Task A_violation_is_an_error_that_names_the_payment_and_one_statement_of_the_same_batch()
    {
        var log = new LogOfErrors();
        await using var services = new ServiceCollection()
            .AddMetrics()
            .AddLogging(logging => logging.AddProvider(log))
            .AddSingleton(TimeProvider.System)
            .AddSingleton<PaymentExceptions>()
            .BuildServiceProvider();
        await using var batch = new NpgsqlBatch();
        var violated = Lives.Confirmed.See(9).Events.Single();
        services.GetRequiredService<PaymentExceptions>()
            .AddFinalityViolated(batch, new PaymentRecord(Details, Lives.Confirmed, 0, Delayed: false), violated);

        batch.BatchCommands.Count.Should().Be(1);
        log.Lines.Should().Equal(
            $"Error: Money of the confirmed payment {Id.Format(Id.Payment, Details.Id)} has left testnet: "
            + "10 was received, 0 still stands");
    }

    private sealed class LogOfErrors : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter) => Lines.Add($"{logLevel}: {formatter(state, exception)}");

        public void Dispose()
        {
        }
    }
}
