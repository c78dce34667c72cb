using Kobbopay.Durability;
using Kobbopay.ServiceDefaults;
using Npgsql;

namespace Kobbopay.PublicStatus;

/// <summary>
/// Hears of what other replicas stored (<see cref="ViewTable"/> tells it with the rows), so that a payer sees it at
/// once whichever replica serves them, the broker up or down. A notice that is missed costs no more than the check of a
/// copy that is a second old.
/// </summary>
public sealed class ViewNotices(
    IConfiguration configuration,
    ViewTable table,
    PublicViews views,
    TimeProvider clock,
    ILogger<ViewNotices> logger) : BackgroundLoop(clock, logger)
{
    private NpgsqlConnection? _connection;
    private List<string> _tokens = [];

    /// <summary>So long it waits for a notice in one step, which the health check counts.</summary>
    protected override TimeSpan Interval => TimeSpan.FromSeconds(5);

    protected override async Task<bool> RunOnceAsync(CancellationToken cancellation)
    {
        if (_connection is null)
        {
            _connection = await ListenAsync(cancellation);
            return true;
        }

        try
        {
            await _connection.WaitAsync(Interval, cancellation);
            if (_tokens.Count > 0)
            {
                var tokens = _tokens;
                _tokens = [];
                await views.CatchUpAsync(tokens, cancellation);
            }

            return true;
        }
        catch
        {
            // The next step opens another one.
            await _connection.DisposeAsync();
            _connection = null;
            // At the end of the process the driver complains of its socket instead.
            cancellation.ThrowIfCancellationRequested();
            throw;
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _connection?.Dispose();
    }

    /// <summary>A connection of its own: in the pool its next user would go on listening.</summary>
    private async Task<NpgsqlConnection> ListenAsync(CancellationToken cancellation)
    {
        var settings = new NpgsqlConnectionStringBuilder(
            configuration.GetConnectionString(ResourceNames.PublicStatusDatabase))
        { Pooling = false };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            connection.Notification += (_, notice) => _tokens.AddRange(table.ForeignTokensIn(notice.Payload));
            await connection.OpenAsync(cancellation);
            await using var listen = new NpgsqlCommand($"listen {ViewTable.Channel}", connection);
            await listen.ExecuteNonQueryAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
