using System.Text;
using Kobbopay.Cli.Running;

namespace Kobbopay.UnitTests.Cli;

/// <summary>The tool in this process: with texts for its streams, and a home and an environment of its own.</summary>
internal sealed class TestTerminal : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    public string Home { get; } = Directory.CreateTempSubdirectory("kobbo-").FullName;

    public string Input { get; set; } = string.Empty;

    public string ConfigFile => Path.Combine(Home, "kobbo", "config.json");

    public Terminal Terminal => new()
    {
        Input = new MemoryStream(Encoding.UTF8.GetBytes(Input)),
        Output = _output,
        Error = _error,
        InputIsRedirected = true,
        OutputIsRedirected = true,
        ErrorIsRedirected = true,
        Variable = name => name == "XDG_CONFIG_HOME" ? Home : Variables.GetValueOrDefault(name),
        Clock = TimeProvider.System,
    };

    public async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        _output.GetStringBuilder().Clear();
        _error.GetStringBuilder().Clear();
        var code = await new Kobbo(Terminal).RunAsync(arguments, TestContext.Current.CancellationToken);
        return (code, _output.ToString(), _error.ToString());
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        Directory.Delete(Home, recursive: true);
    }
}
