using System.Diagnostics;
using System.Net.Sockets;
using Kobbopay.LocalServers;
using Kobbopay.Testing;
using RabbitMQ.Client;

namespace Kobbopay.IntegrationTests.LocalServers;

public sealed class RabbitMqServerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_outage_keeps_the_address_the_queues_and_the_messages_and_leaves_no_process_behind()
    {
        var folder = Servers.NewFolder("mq");
        await using var server = await RabbitMqServer.StartAsync(new RabbitMqSettings(folder), Token);
        await using (var connection = await ConnectAsync(server.Uri))
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: Token))
        {
            await channel.QueueDeclareAsync(
                "kept", durable: true, exclusive: false, autoDelete: false,
                new Dictionary<string, object?> { ["x-queue-type"] = "quorum" }, cancellationToken: Token);
            await channel.BasicPublishAsync("", "kept", mandatory: true, "hello"u8.ToArray(), Token);
            await Eventually.TrueAsync(async () => await channel.MessageCountAsync("kept", Token) == 1);
        }

        await server.StopAsync();
        ProcessesOf(folder).Should().BeEmpty();
        await Eventually.TrueAsync(() => !Answers(server.Uri.Port));
        await server.StartAgainAsync(Token);

        await using var again = await ConnectAsync(server.Uri);
        await using var reader = await again.CreateChannelAsync(cancellationToken: Token);
        var message = await Eventually.GetAsync(
            async () => await reader.BasicGetAsync("kept", autoAck: true, Token), found => found is not null);
        message!.Body.ToArray().Should().Equal("hello"u8.ToArray());
    }

    [Fact]
    public async Task Brokers_of_two_tests_do_not_see_each_other()
    {
        await using var one = await TestBroker.CreateAsync();
        await using var other = await TestBroker.CreateAsync();
        await using var connection = await ConnectAsync(one.Uri);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
        await channel.QueueDeclareAsync("mine", cancellationToken: Token);

        await using var otherConnection = await ConnectAsync(other.Uri);
        await using var otherChannel = await otherConnection.CreateChannelAsync(cancellationToken: Token);
        var look = async () => await otherChannel.QueueDeclarePassiveAsync("mine", Token);

        await look.Should().ThrowAsync<RabbitMQ.Client.Exceptions.OperationInterruptedException>();
    }

    private static Task<IConnection> ConnectAsync(Uri uri) =>
        new ConnectionFactory { Uri = uri }.CreateConnectionAsync(Token);

    private static bool Answers(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Both the node and its port mapper are told their folder by HOME.
    private static List<int> ProcessesOf(string folder) =>
        [.. Process.GetProcesses().Where(process => Environment(process.Id).Contains("HOME=" + folder))
            .Select(process => process.Id)];

    private static string[] Environment(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ").Split('\0');
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
