using Kobbopay.LocalServers;
using Kobbopay.Testing;
using Npgsql;

namespace Kobbopay.IntegrationTests.LocalServers;

public sealed class PostgresServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_start_in_the_same_folder_finds_the_data_and_the_password_again()
    {
        var settings = new PostgresSettings(Servers.NewFolder("pg"));
        string password;
        await using (var first = await PostgresServer.StartAsync(settings, Token))
        {
            password = first.Password;
            await first.CreateDatabaseAsync("shop", Token);
            await first.CreateDatabaseAsync("shop", Token);
            await ExecuteAsync(
                first.ConnectionStringOf("shop"), "create table kept (n int); insert into kept values (42)");
        }

        await using var second = await PostgresServer.StartAsync(settings, Token);

        (await ScalarAsync(second.ConnectionStringOf("shop"), "select n from kept")).Should().Be(42);
        second.Password.Should().Be(password);
    }

    [Fact]
    public async Task A_stopped_server_starts_again_at_the_same_port()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresSettings(Servers.NewFolder("pg")), Token);
        var port = server.Port;

        await server.StopAsync();
        (await server.Exited).Code.Should().Be(0);
        await server.StartAgainAsync(Token);

        server.Port.Should().Be(port);
        (await ScalarAsync(server.ConnectionString, "select 1")).Should().Be(1);
    }

    [Fact]
    public async Task It_keeps_what_it_says_it_keeps_and_asks_for_the_password()
    {
        await using var server = await PostgresServer.StartAsync(new PostgresSettings(Servers.NewFolder("pg")), Token);

        (await ScalarAsync(server.ConnectionString, "show fsync")).Should().Be("on");
        (await ScalarAsync(server.ConnectionString, "show synchronous_commit")).Should().Be("on");
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "wrong" };
        var attempt = async () => await ScalarAsync(wrong.ConnectionString, "select 1");
        (await attempt.Should().ThrowAsync<PostgresException>()).Which.SqlState.Should().Be("28P01");
    }

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Token);
    }

    private static async Task ExecuteAsync(string connectionString, string sql) =>
        await ScalarAsync(connectionString, sql);
}
