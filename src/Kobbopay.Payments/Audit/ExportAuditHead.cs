using Kobbopay.Durability;
using Npgsql;

namespace Kobbopay.Payments.Audit;

/// <summary>
/// Writes the head of the audit log outside of the database: as a line of the log, and to the file that
/// <c>Audit:HeadFile</c> names, if one is. Whoever changed the whole chain would have to change these as well.
/// </summary>
public sealed partial class ExportAuditHead(
    NpgsqlDataSource database, IConfiguration configuration, TimeProvider clock, ILogger<ExportAuditHead> logger)
    : BackgroundLoop(clock, logger)
{
    private readonly ILogger _logger = logger;
    private readonly string? _file = configuration["Audit:HeadFile"];

    protected override TimeSpan Interval => TimeSpan.FromSeconds(10);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        var (sequence, hash) = await ReadAsync(cancellation);
        if (hash is null)
            return false;

        // First written, then noted: a crash in between writes it twice.
        LogHead(sequence, hash);
        if (_file is not null)
        {
            var line = $$"""{"at":"{{Clock.GetUtcNow():O}}","sequence":{{sequence}},"hash":"{{hash}}"}""";
            await File.AppendAllTextAsync(_file, line + "\n", cancellation);
        }

        await using var command = database.CreateCommand(
            "update audit_head set exported = $1 where exported < $1");
        command.Parameters.AddLong(sequence);
        await command.ExecuteNonQueryAsync(cancellation);
        return false;
    }

    private async Task<(long Sequence, string? Hash)> ReadAsync(CancellationToken cancellation)
    {
        await using var command = database.CreateCommand(
            "select sequence, encode(hash, 'hex') from audit_head where sequence > exported");
        await using var row = await command.ExecuteReaderAsync(cancellation);
        return await row.ReadAsync(cancellation) ? (row.GetInt64(0), row.GetString(1)) : (0, null);
    }

    [LoggerMessage(LogLevel.Information, "The head of the audit log is {Sequence} {Hash}")]
    private partial void LogHead(long sequence, string hash);
}
