using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Kobbopay.UnitTests.ClientSamples;

public enum Sample
{
    Node,
    CSharp,
}

/// <summary>One of the receivers under samples/, as the process that its README starts, on a free port.</summary>
internal sealed class SampleProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process process;
    private readonly HttpClient http = new(new SocketsHttpHandler { ConnectTimeout = Patience }) { Timeout = Patience };
    private Uri address = new("http://127.0.0.1/");

    private SampleProcess(Process process) => this.process = process;

    public static string Repository { get; } = FindRepository();

    public static async Task<SampleProcess> Start(Sample sample, string secrets, CancellationToken cancellation)
    {
        var started = new SampleProcess(Launch(sample, Repository, secrets));
        const string Announcement = "listening on ";
        var line = await started.NextLine(cancellation);
        line.Should().StartWith(Announcement);
        started.address = new Uri(line![Announcement.Length..]);
        return started;
    }

    /// <summary>The process in another folder than the checkout, whatever it says and however it ends.</summary>
    public static SampleProcess StartIn(Sample sample, string folder) => new(Launch(sample, folder, secrets: null));

    /// <summary>The next line of standard output; null once the process has closed it.</summary>
    public async Task<string?> NextLine(CancellationToken cancellation)
    {
        using var limited = Limited(cancellation);
        return await process.StandardOutput.ReadLineAsync(limited.Token);
    }

    public async Task<(int ExitCode, string Error)> Ended(CancellationToken cancellation)
    {
        using var limited = Limited(cancellation);
        var error = await process.StandardError.ReadToEndAsync(limited.Token);
        await process.WaitForExitAsync(limited.Token);
        return (process.ExitCode, error);
    }

    public async Task<(HttpStatusCode Status, string Text)> Post(
        IEnumerable<KeyValuePair<string, string>> headers,
        byte[] body,
        CancellationToken cancellation,
        string path = "/webhooks")
    {
        var target = new Uri(address, path);
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        using var response = await http.SendAsync(request, cancellation);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        process.Kill(entireProcessTree: true);
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static Process Launch(Sample sample, string folder, string? secrets)
    {
        var start = new ProcessStartInfo
        {
            FileName = sample == Sample.Node ? "node" : "dotnet",
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(sample == Sample.Node
            ? Path.Combine(folder, "samples", "receiver-node", "receiver.mjs")
            : Path.Combine(AppContext.BaseDirectory, "Kobbopay.Samples.Receiver.dll"));
        start.Environment["PORT"] = 0.ToString(CultureInfo.InvariantCulture);
        start.Environment["KOBBOPAY_WEBHOOK_SECRET"] = secrets;
        return Process.Start(start)!;
    }

    private static CancellationTokenSource Limited(CancellationToken cancellation)
    {
        var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limited.CancelAfter(Patience);
        return limited;
    }

    private static string FindRepository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Kobbopay.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not inside a checkout.");
        return folder;
    }
}
