using Kobbopay.Bench.Load;
using Kobbopay.Bench.Measure;
using Kobbopay.Contracts;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.Extensions.Hosting.Internal;
using Npgsql;

namespace Kobbopay.Bench.Product;

/// <summary>
/// <c>POST /v1/payments</c> with an idempotency key, each for an order of its own: direct to Payments with the identity
/// that the gateway would sign, or through the gateway with the merchant's key.
/// </summary>
internal sealed class Creates(Workbench bench, ProductProcesses product)
{
    private static readonly TimeSpan TokenAge = IdentityToken.Lifetime / 3;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly IdentityIssuer issuer = new(
        new IdentityKeys(new ConfigurationBuilder().AddInMemoryCollection(
        [
            new($"Identity:Issue:{ResourceNames.Payments}",
                product.Configuration.IdentityKey(ResourceNames.Gateway, ResourceNames.Payments)),
        ]).Build()),
        new HostingEnvironment { ApplicationName = "Kobbopay.Gateway" },
        TimeProvider.System);

    private volatile Tuple<string, long>? token;
    private long orders;

    public Subject Direct(int clients) => Over("Payments direct", ResourceNames.Payments, clients, Identity);

    public Subject ThroughGateway(int clients) => Over("through the gateway", ResourceNames.Gateway, clients, Key);

    /// <summary>One create, direct, by HttpClient.</summary>
    public HttpRequestMessage NewRequest()
    {
        var (key, body) = NewOrder();
        var request = Request(HttpMethod.Post, "/v1/payments", key: key);
        request.Content = new StringContent(body, mediaType: new("application/json"));
        return request;
    }

    /// <summary>The bytes of one more create, direct: sent again, it is a replay of the first.</summary>
    public byte[] NewBytes() => NewBytes(Address(ResourceNames.Payments), Identity());

    /// <summary>The same through the gateway.</summary>
    public byte[] NewBytesThroughGateway() => NewBytes(Address(ResourceNames.Gateway), Key());

    /// <summary>What pays a payment in one of <see cref="Blocks"/>, through the gateway.</summary>
    public byte[] PayBytesThroughGateway(string payment) => HttpConnection.Request(
        HttpMethod.Post, new Uri(Address(ResourceNames.Gateway), $"/v1/sandbox/payments/{payment}/pay"),
        [Key(), new("Idempotency-Key", $"pay-{payment}")], Blocks.LeftToThem);

    /// <summary>Creates without waiting for their events, for when nothing can be published.</summary>
    public Task<Reading> LoadAsync(int clients, TimeSpan duration, CancellationToken cancellation) =>
        HttpLoop.RunAsync(
            Address(ResourceNames.Payments), clients, duration, NewBytes,
            StatusCodes.Status201Created, cancellation);

    /// <summary>Any request of the same merchant, direct to Payments or through the gateway.</summary>
    /// <param name="key">Its idempotency key; a new one when null.</param>
    public HttpRequestMessage Request(
        HttpMethod method, string path, bool throughGateway = false, string? key = null)
    {
        var service = throughGateway ? ResourceNames.Gateway : ResourceNames.Payments;
        var request = new HttpRequestMessage(method, new Uri(product.AddressOf(service), path));
        var credentials = throughGateway ? Key() : Identity();
        request.Headers.Add(credentials.Key, credentials.Value);
        if (method == HttpMethod.Post)
            request.Headers.Add("Idempotency-Key", key ?? NewOrder().Key);
        return request;
    }

    private Subject Over(string name, string service, int clients, Func<KeyValuePair<string, string>> credentials) =>
        new(name, "creates/s", async (duration, cancellation) =>
        {
            var address = Address(service);
            var reading = await HttpLoop.RunAsync(
                address, clients, duration, () => NewBytes(address, credentials()), StatusCodes.Status201Created,
                cancellation);
            await SettleAsync(cancellation);
            return reading;
        });

    /// <summary>
    /// Until the events have been published: what is left to do must not fall into the time of the baseline. Its CPU
    /// time counts as the create's.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellation)
    {
        await using var source = NpgsqlDataSource.Create(
            bench.Servers.Postgres.ConnectionStringOf(ResourceNames.PaymentsDatabase));
        await using var command = source.CreateCommand(
            "select exists (select from pending_events) or exists (select from outbox)");
        while ((bool)(await command.ExecuteScalarAsync(cancellation))!)
            await Task.Delay(Poll, TimeProvider.System, cancellation);
    }

    public Uri Address(string service) => new(product.AddressOf(service), "/v1/payments");

    private byte[] NewBytes(Uri address, KeyValuePair<string, string> credentials)
    {
        var (key, body) = NewOrder();
        return HttpConnection.Request(HttpMethod.Post, address, [credentials, new("Idempotency-Key", key)], body);
    }

    private (string Key, string Body) NewOrder()
    {
        var order = Interlocked.Increment(ref orders);
        return ($"key-{order}",
            $$"""{"amount": 10.5, "currency": "USDT", "network": "example-network", "orderId": "order-{{order}}"}""");
    }

    /// <summary>The header by which the gateway knows the merchant.</summary>
    public KeyValuePair<string, string> Key() => new("x-api-key", product.Configuration.ApiKey);

    /// <summary>The header by which the gateway would name the merchant; made anew when it has aged.</summary>
    public KeyValuePair<string, string> Identity()
    {
        var known = token;
        if (known is null || TimeProvider.System.GetElapsedTime(known.Item2) > TokenAge)
        {
            var merchant = new MerchantIdentity(
                product.Configuration.Merchant, MerchantEnvironments.Test, Id.New(TimeProvider.System), Scopes.All);
            known = Tuple.Create(
                issuer.ForMerchant(ResourceNames.Payments, merchant), TimeProvider.System.GetTimestamp());
            token = known;
        }

        return new(IdentityToken.Header, known.Item1);
    }
}
