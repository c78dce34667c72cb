#pragma warning disable IDE0130 // Aspire's own names, on purpose: AppHost.cs is the same for both.
namespace Aspire.Hosting;

/// <summary>The words in which AppHost.cs describes the system, as Aspire has them.</summary>
public static class ResourceBuilderExtensions
{
    /// <summary>Describes where a published system runs; nothing to do for one that runs here.</summary>
    public static void AddDockerComposeEnvironment(this IDistributedApplicationBuilder builder, string name)
    {
    }

    public static IResourceBuilder<PostgresServerResource> AddPostgres(
        this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new PostgresServerResource(name));

    /// <summary>Local data is always kept.</summary>
    public static IResourceBuilder<PostgresServerResource> WithDataVolume(
        this IResourceBuilder<PostgresServerResource> builder) => builder;

    public static IResourceBuilder<PostgresDatabaseResource> AddDatabase(
        this IResourceBuilder<PostgresServerResource> builder, string name) =>
        builder.ApplicationBuilder.AddResource(new PostgresDatabaseResource(name, builder.Resource)).WaitFor(builder);

    public static IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(
        this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new RabbitMQServerResource(name));

    /// <summary>The container's management pages have no counterpart here: they would cost 5 s at each stop.</summary>
    public static IResourceBuilder<RabbitMQServerResource> WithManagementPlugin(
        this IResourceBuilder<RabbitMQServerResource> builder) => builder;

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, string value, bool secret = false) =>
        builder.AddResource(new ParameterResource(name, () => value));

    /// <summary>A parameter that has to be set from outside.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name) =>
        builder.AddResource(new ParameterResource(
            name, () => throw new InvalidOperationException($"Set the environment variable Parameters__{name}.")));

    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder,
        string name,
        GenerateParameterDefault value,
        bool secret = false,
        bool persist = false)
    {
        var kept = DistributedApplication.Keep(builder, name, value.MinLength);
        return builder.AddResource(new ParameterResource(name, () => kept));
    }

    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, string name)
        where TProject : IProjectMetadata, new() => builder.AddResource(new ProjectResource(name, new TProject()));

    public static IResourceBuilder<ExecutableResource> AddExecutable(
        this IDistributedApplicationBuilder builder,
        string name,
        string command,
        string workingDirectory,
        params string[] args) =>
        builder.AddResource(new ExecutableResource(name, command, workingDirectory, args));

    /// <summary>The program listens there by itself: nothing stands before it here.</summary>
    public static IResourceBuilder<ExecutableResource> WithHttpEndpoint(
        this IResourceBuilder<ExecutableResource> builder, int port, int targetPort, string name, bool isProxied)
    {
        builder.Resource.Http.Port = port;
        return builder;
    }

    public static IResourceBuilder<ExecutableResource> OnResourceReady(
        this IResourceBuilder<ExecutableResource> builder,
        Func<ExecutableResource, ResourceReadyEvent, CancellationToken, Task> callback)
    {
        builder.Resource.WhenReady.Add(token => callback(builder.Resource, new ResourceReadyEvent(), token));
        return builder;
    }

    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> builder, IResourceBuilder<ConnectionResource> source) =>
        builder.With("ConnectionStrings__" + source.Resource.Name, () => source.Resource.ConnectionString);

    public static IResourceBuilder<ProjectResource> WithReference(
        this IResourceBuilder<ProjectResource> builder, IResourceBuilder<ProjectResource> source) =>
        builder.With($"services__{source.Resource.Name}__http__0", () => source.Resource.Url);

    public static IResourceBuilder<T> WaitFor<T>(
        this IResourceBuilder<T> builder, IResourceBuilder<Resource> dependency)
        where T : Resource
    {
        builder.Resource.WaitsFor.Add(dependency.Resource);
        return builder;
    }

    public static IResourceBuilder<ProjectResource> WithEnvironment(
        this IResourceBuilder<ProjectResource> builder, string name, string value) => builder.With(name, () => value);

    public static IResourceBuilder<ProjectResource> WithEnvironment(
        this IResourceBuilder<ProjectResource> builder, string name, IResourceBuilder<ParameterResource> parameter) =>
        builder.With(name, () => parameter.Resource.Value);

    public static IResourceBuilder<ProjectResource> WithEnvironment(
        this IResourceBuilder<ProjectResource> builder, string name, EndpointReference endpoint) =>
        builder.With(name, () => endpoint.Url);

    public static EndpointReference GetEndpoint(this IResourceBuilder<EndpointResource> builder, string name) =>
        new(builder.Resource);

    public static IResourceBuilder<ProjectResource> WithEndpoint(
        this IResourceBuilder<ProjectResource> builder, string endpointName, Action<EndpointAnnotation> callback)
    {
        callback(builder.Resource.Http);
        return builder;
    }

    /// <summary>Every local endpoint is on 127.0.0.1; this one's URL is what the summary shows.</summary>
    public static IResourceBuilder<ProjectResource> WithExternalHttpEndpoints(
        this IResourceBuilder<ProjectResource> builder) => builder;

    public static IResourceBuilder<ProjectResource> WithHttpHealthCheck(
        this IResourceBuilder<ProjectResource> builder, string path, string endpointName)
    {
        builder.Resource.HealthPath = path;
        return builder;
    }

    private static IResourceBuilder<ProjectResource> With(
        this IResourceBuilder<ProjectResource> builder, string name, Func<string> value)
    {
        builder.Resource.Environment[name] = value;
        return builder;
    }
}
