using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;

namespace Kobbopay.Testing;

/// <summary>
/// A virtual host of a test's own: queues and exchanges keep their real names, and tests don't meet each other's
/// messages.
/// <code>
/// await using var broker = await TestBroker.CreateAsync();
/// configuration["ConnectionStrings:messaging"] = broker.Uri.ToString();
/// </code>
/// Takes half a second (the first one also starts the server): share one among the tests of a class.
/// </summary>
public sealed class TestBroker : IAsyncDisposable
{
    private static int last;
    private TestBroker(string name, Uri uri)
    {
        Name = name;
        Uri = uri;
    }

    /// <summary>The virtual host's.</summary>
    public string Name { get; }

    public Uri Uri { get; }

    public static async Task<TestBroker> CreateAsync()
    {
        var name = string.Create(
            CultureInfo.InvariantCulture, $"kobbopay_{Environment.ProcessId}_{Interlocked.Increment(ref last)}");
        if (Servers.ExternalRabbitMq is { } external)
        {
            await ManageAsync(HttpMethod.Put, "api/vhosts/" + name);
            var user = Uri.UnescapeDataString(external.UserInfo.Split(':')[0]);
            await ManageAsync(HttpMethod.Put, $"api/permissions/{name}/{Uri.EscapeDataString(user)}");
            return new TestBroker(name, new Uri(external, name));
        }

        var server = await Servers.RabbitMqAsync();
        return new TestBroker(name, await server.AddVirtualHostAsync(name, CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        if (Servers.ExternalRabbitMq is not null)
            await ManageAsync(HttpMethod.Delete, "api/vhosts/" + Name);
        else
            await (await Servers.RabbitMqAsync()).DeleteVirtualHostAsync(Name, CancellationToken.None);
    }

    private static async Task ManageAsync(HttpMethod method, string path)
    {
        using var client = new HttpClient(new SocketsHttpHandler()) { Timeout = TimeSpan.FromSeconds(10) };
        using var request = new HttpRequestMessage(method, new Uri(Servers.ExternalManagement, path));
        var user = Uri.UnescapeDataString(Servers.ExternalRabbitMq!.UserInfo);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        if (method == HttpMethod.Put)
            request.Content = JsonContent.Create(new { configure = ".*", write = ".*", read = ".*" });
        using var response = await client.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }
}
