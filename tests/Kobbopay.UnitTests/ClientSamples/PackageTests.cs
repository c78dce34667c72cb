using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;

namespace Kobbopay.UnitTests.ClientSamples;

/// <summary>What the packages for merchants hold, packed from what was built.</summary>
public sealed class PackageTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("kobbopay-packages-").FullName;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("Kobbopay.Client", "Microsoft.Extensions.Http", "")]
    [InlineData("Kobbopay.Client.AspNetCore", "Kobbopay.Client", "Microsoft.AspNetCore.App")]
    public async Task A_package_has_its_code_its_documentation_its_symbols_and_no_more(
        string name, string dependencies, string frameworks)
    {
        await PackAsync(name);

        using var package = await ZipFile.OpenReadAsync(Package(name, "nupkg"), Token);
        package.Entries.Select(entry => entry.FullName)
            .Where(entry => !entry.StartsWith("_rels/", StringComparison.Ordinal)
                && !entry.StartsWith("package/", StringComparison.Ordinal))
            .Should().BeEquivalentTo(
                "[Content_Types].xml", $"{name}.nuspec", "README.md", $"lib/net10.0/{name}.dll",
                $"lib/net10.0/{name}.xml");
        var described = await DescriptionAsync(package, name);
        Texts(described, "id").Should().Equal(name);
        Texts(described, "readme").Should().Equal("README.md");
        Texts(described, "authors").Should().Equal("Kobbopay");
        Attributes(described, "dependency", "id").Should().Equal(dependencies);
        Attributes(described, "frameworkReference", "name").Should().Equal(
            frameworks.Split(',', StringSplitOptions.RemoveEmptyEntries));
        described.ToString().Replace(described.Root!.Name.NamespaceName, string.Empty, StringComparison.Ordinal)
            .Should().NotContain("http://").And.NotContain("https://", "there is no address to invent");

        using var symbols = await ZipFile.OpenReadAsync(Package(name, "snupkg"), Token);
        var files = await FilesAsync(symbols.GetEntry($"lib/net10.0/{name}.pdb")!);
        files.Should().NotBeEmpty().And.OnlyContain(file => file.StartsWith("/kobbopay/"), "no machine's paths");
    }

    private string Package(string name, string extension) =>
        Directory.GetFiles(_folder, $"{name}.*.{extension}").Single(file =>
            char.IsAsciiDigit(Path.GetFileName(file)[name.Length + 1]));

    private async Task PackAsync(string name)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = SampleProcess.Repository,
            UseShellExecute = false,
            RedirectStandardOutput = true,
        };
        foreach (var argument in new[]
        {
            "pack", $"src/{name}", "--no-build", "--nologo", "--configuration", Configuration, "--output", _folder,
        })
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limited.CancelAfter(Patience);
        var output = await process.StandardOutput.ReadToEndAsync(limited.Token);
        await process.WaitForExitAsync(limited.Token);
        process.ExitCode.Should().Be(0, output);
    }

    /// <summary>That which these tests were built with; its folder is named after it, in lower case.</summary>
    private static string Configuration =>
        AppContext.BaseDirectory.Contains("/release", StringComparison.Ordinal) ? "Release" : "Debug";

    private static async Task<XDocument> DescriptionAsync(ZipArchive package, string name)
    {
        await using var text = await package.GetEntry($"{name}.nuspec")!.OpenAsync(Token);
        return await XDocument.LoadAsync(text, LoadOptions.None, Token);
    }

    private static IEnumerable<string> Texts(XDocument description, string element) =>
        description.Descendants().Where(one => one.Name.LocalName == element).Select(one => one.Value);

    private static IEnumerable<string> Attributes(XDocument description, string element, string attribute) =>
        description.Descendants().Where(one => one.Name.LocalName == element)
            .Select(one => one.Attribute(attribute)!.Value);

    /// <summary>The source files that the symbols name.</summary>
    private static async Task<List<string>> FilesAsync(ZipArchiveEntry pdb)
    {
        await using var packed = await pdb.OpenAsync(Token);
        using var bytes = new MemoryStream();
        await packed.CopyToAsync(bytes, Token);
        bytes.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(bytes);
        var reader = provider.GetMetadataReader();
        return [.. reader.Documents.Select(one => reader.GetString(reader.GetDocument(one).Name))];
    }
}
