namespace Kobbopay.Bench.Product;

/// <summary>
/// What sets one installation of the product apart from another on the same servers, so that two that differ in their
/// settings alone can be measured in turn.
/// </summary>
/// <param name="Suffix">Of its databases' names.</param>
/// <param name="Broker">Its virtual host.</param>
/// <param name="Settings">The environment that all its services have besides.</param>
internal sealed record Installation(string Suffix, Uri Broker, IReadOnlyDictionary<string, string> Settings)
{
    public static Installation Usual(Workbench bench) =>
        new(string.Empty, bench.Servers.RabbitMq.Uri, new Dictionary<string, string>(StringComparer.Ordinal));

    public string NameOf(string database) => database + Suffix;

    public string ConnectionStringOf(Workbench bench, string database) =>
        bench.Servers.Postgres.ConnectionStringOf(NameOf(database));
}
