using System.Reflection;
using System.Security.Cryptography;
using Kobbopay.AppHost.Local;
using Kobbopay.LocalServers;

#pragma warning disable IDE0130 // Aspire's own names, on purpose: AppHost.cs is the same for both.
namespace Aspire.Hosting;

/// <summary>A service's project; the build writes one such type for each (target WriteProjectTypes).</summary>
public interface IProjectMetadata
{
    string ProjectPath { get; }

    string AssemblyPath { get; }
}

/// <summary>Only running is possible here; publishing needs Aspire.</summary>
public sealed record DistributedApplicationExecutionContext(bool IsRunMode);

/// <summary>The system as it is being described. A stand-in for just what AppHost.cs uses of Aspire's.</summary>
public interface IDistributedApplicationBuilder
{
    string AppHostDirectory { get; }

    DistributedApplicationExecutionContext ExecutionContext { get; }

    IResourceBuilder<T> AddResource<T>(T resource)
        where T : Resource;

    DistributedApplication Build();
}

/// <summary>The described system, run as processes of this machine.</summary>
public sealed class DistributedApplication
{
    private readonly LocalFolder folder;
    private readonly IReadOnlyList<Resource> resources;

    internal DistributedApplication(LocalFolder folder, IReadOnlyList<Resource> resources)
    {
        this.folder = folder;
        this.resources = resources;
    }

    /// <summary>Ends the process with 1 when the system runs in this folder already.</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args)
    {
        var directory = typeof(DistributedApplication).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(attribute => attribute.Key == "AppHostDirectory").Value!;
        try
        {
#pragma warning disable CA2000 // Held until RunAsync has ended.
            return new Builder(directory, LocalFolder.Open(Kobbopay.AppHost.DemoShop.FolderOf(directory)));
#pragma warning restore CA2000
        }
        catch (LocalServerException refusal)
        {
            Console.Error.WriteLine(refusal.Message);
            Environment.Exit(1);
            throw;
        }
    }

    /// <summary>Until Ctrl+C or SIGTERM, or until a part of the system ends: then the exit code is 1.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        using (folder)
        using (var run = new LocalRun(folder, resources))
            Environment.ExitCode = await run.RunAsync(cancellationToken);
    }

    private sealed class Builder(string directory, LocalFolder folder) : IDistributedApplicationBuilder
    {
        private readonly List<Resource> resources = [];

        public string AppHostDirectory => directory;

        public DistributedApplicationExecutionContext ExecutionContext { get; } = new(IsRunMode: true);

        internal LocalFolder Folder => folder;

        public IResourceBuilder<T> AddResource<T>(T resource)
            where T : Resource
        {
            resources.Add(resource);
            return new ResourceBuilder<T>(resource, this);
        }

        public DistributedApplication Build() => new(folder, resources);
    }

    internal static string Keep(IDistributedApplicationBuilder builder, string parameter, int length) =>
        ((Builder)builder).Folder.Keep(parameter, () => RandomNumberGenerator.GetString(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length));
}
