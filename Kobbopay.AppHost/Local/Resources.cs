using Kobbopay.LocalServers;

#pragma warning disable IDE0130, CA1050 // Aspire's own names, on purpose: AppHost.cs is the same for both.
namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of the system; it is started once everything that it waits for is ready.</summary>
public abstract class Resource(string name)
{
    public string Name { get; } = name;

    internal List<Resource> WaitsFor { get; } = [];
}

/// <summary>A resource while the system is being described.</summary>
public interface IResourceBuilder<out T>
    where T : Resource
{
    T Resource { get; }

    IDistributedApplicationBuilder ApplicationBuilder { get; }
}

internal sealed record ResourceBuilder<T>(T Resource, IDistributedApplicationBuilder ApplicationBuilder)
    : IResourceBuilder<T>
    where T : Resource;

/// <summary>A resource that is reached by a connection string, known once it is ready.</summary>
public abstract class ConnectionResource(string name) : Resource(name)
{
    internal abstract string ConnectionString { get; }
}

public sealed class PostgresServerResource(string name) : Resource(name)
{
    internal PostgresServer? Server { get; set; }
}

public sealed class PostgresDatabaseResource(string name, PostgresServerResource parent) : ConnectionResource(name)
{
    internal PostgresServerResource Parent => parent;

    internal override string ConnectionString => parent.Server!.ConnectionStringOf(Name);
}

public sealed class RabbitMQServerResource(string name) : ConnectionResource(name)
{
    internal RabbitMqServer? Server { get; set; }

    internal override string ConnectionString => Server!.Uri.OriginalString;
}

/// <summary>
/// A value from outside: <c>Parameters__name</c> in the environment, else what the AppHost gave or kept.
/// </summary>
public sealed class ParameterResource(string name, Func<string> value) : Resource(name)
{
    internal string Value => Environment.GetEnvironmentVariable("Parameters__" + Name) ?? value();
}

public sealed class EndpointAnnotation
{
    /// <summary>Null takes a free port.</summary>
    public int? Port { get; set; }
}

public sealed record EndpointReference(EndpointResource Resource)
{
    public string Url => Resource.Url;
}

/// <summary>A resource that listens for HTTP on a port of 127.0.0.1.</summary>
public abstract class EndpointResource(string name) : Resource(name)
{
    internal EndpointAnnotation Http { get; } = new();

    internal string Url => Http.Port is { } port
        ? $"http://127.0.0.1:{port}"
        : throw new InvalidOperationException(Name + " has no port yet.");
}

/// <summary>A program that is not ours; it is ready once its callbacks are done.</summary>
public sealed class ExecutableResource(string name, string command, string workingDirectory, string[] args)
    : EndpointResource(name)
{
    public string Command => command;

    public string WorkingDirectory => workingDirectory;

    internal IReadOnlyList<string> Arguments => args;

    internal List<Func<CancellationToken, Task>> WhenReady { get; } = [];
}

/// <summary>What a callback is told of the start; nothing here asks for more.</summary>
public sealed record ResourceReadyEvent;

/// <summary>One of our services, run from its build output.</summary>
public sealed class ProjectResource(string name, IProjectMetadata metadata) : EndpointResource(name)
{
    internal IProjectMetadata Metadata => metadata;

    internal string HealthPath { get; set; } = "/";

    /// <summary>Resolved when the service starts: what it waits for is ready then, and all ports are known.</summary>
    internal Dictionary<string, Func<string>> Environment { get; } = new(StringComparer.Ordinal);
}

/// <summary>A random text of <see cref="MinLength"/> characters.</summary>
public sealed class GenerateParameterDefault
{
    public int MinLength { get; set; }

    /// <summary>Aspire's default is true; here texts are letters and digits, and nothing else is asked for.</summary>
    public bool Special { get; set; }
}
