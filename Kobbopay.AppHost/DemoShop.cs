using System.Globalization;
using System.Net.NetworkInformation;
using System.Security.Cryptography;
using System.Text;
using Kobbopay.Contracts;

namespace Kobbopay.AppHost;

/// <summary>
/// The merchant of a developer's machine, there in run mode only: its secrets are made at the first start, kept in
/// <c>.kobbopay/demo.env</c> (readable by its owner alone) and given to the services that need them.
/// </summary>
internal sealed record DemoShop(int Port, int? EvmPort, string ApiKey, string WebhookSecret, string OperatorKey)
{
    private const int DefaultPort = 8080;

    /// <summary>Where wallets look for a node of this machine.</summary>
    private const int DefaultEvmPort = 8545;

    /// <summary>Where the samples' receivers listen.</summary>
    private const int DefaultWebhookPort = 9000;

    private const int OperatorKeyLength = 43;

    public static string MerchantId { get; } = Id.Format(Id.Merchant, new Guid("01900000-0000-7000-8000-000000000001"));

    /// <summary>
    /// The merchant's endpoint: port 9000 of this machine, or <c>KOBBOPAY_WEBHOOK_PORT</c>.
    /// </summary>
    public static string WebhookUrl { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"http://127.0.0.1:{PortFrom("KOBBOPAY_WEBHOOK_PORT") ?? DefaultWebhookPort}/webhooks");

    /// <summary>What the gateway is told of the operator's key.</summary>
    public string OperatorKeyHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(OperatorKey)));

    /// <summary>The gateway's URL.</summary>
    public string Url => UrlOf(Port);

    /// <summary>The node's of the network <c>dev-evm</c>; null where there is none.</summary>
    public string? EvmUrl => EvmPort is { } port ? UrlOf(port) : null;

    /// <summary>
    /// The folder of everything that is kept: <c>.kobbopay</c> in the checkout, or in <c>KOBBOPAY_FOLDER</c>.
    /// </summary>
    public static string FolderOf(string appHostDirectory) => Path.Combine(
        Environment.GetEnvironmentVariable("KOBBOPAY_FOLDER") is { Length: > 0 } folder
            ? Path.GetFullPath(folder)
            : Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(appHostDirectory))!,
        ".kobbopay");

    /// <summary>
    /// Reads what an earlier start made, makes what is missing, and writes the file anew with this start's URL.
    /// </summary>
    public static DemoShop Keep(string appHostDirectory)
    {
        var folder = FolderOf(appHostDirectory);
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "demo.env");
        var kept = Read(file);
        var demo = new DemoShop(
            ChoosePort("KOBBOPAY_PORT", DefaultPort),
            DevEvm.CanRun(folder) ? ChoosePort("KOBBOPAY_EVM_PORT", DefaultEvmPort) : null,
            Contracts.ApiKey.IsWellFormed(kept.GetValueOrDefault("KOBBOPAY_API_KEY"), out _)
                ? kept["KOBBOPAY_API_KEY"]
                : Contracts.ApiKey.Create(MerchantEnvironments.Test),
            kept.GetValueOrDefault("KOBBOPAY_WEBHOOK_SECRET")
                ?? "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            kept.GetValueOrDefault("KOBBOPAY_OPERATOR_KEY")
                ?? "kop_" + RandomNumberGenerator.GetString(
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", OperatorKeyLength));
        demo.Write(file);
        return demo;
    }

    /// <summary>The lines <c>NAME=value</c> of a file that may not exist.</summary>
    private static Dictionary<string, string> Read(string file) => !File.Exists(file)
        ? []
        : File.ReadAllLines(file)
            .Select(line => line.Split('=', 2))
            .Where(parts => parts is [_, { Length: > 0 }])
            .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    private void Write(string file)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // A new file put in the place of the old one: never half written, and its mode never that of an older file.
        using (var writer = new StreamWriter(file + ".new", options))
        {
            writer.Write(string.Join('\n',
                "KOBBOPAY_URL=" + Url,
                "KOBBOPAY_EVM_RPC=" + EvmUrl,
                "KOBBOPAY_API_KEY=" + ApiKey,
                "KOBBOPAY_WEBHOOK_SECRET=" + WebhookSecret,
                "KOBBOPAY_OPERATOR_KEY=" + OperatorKey,
                ""));
        }

        File.Move(file + ".new", file, overwrite: true);
    }

    private static string UrlOf(int port) => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}");

    // The variable's as it is; else the usual one, or the next one that nobody listens on.
    private static int ChoosePort(string variable, int usual)
    {
        if (PortFrom(variable) is { } set)
            return set;
        var listeners = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners();
        var taken = listeners.Select(listener => listener.Port).ToHashSet();
        return Enumerable.Range(usual, 1000).First(port => !taken.Contains(port));
    }

    private static int? PortFrom(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var port)
            ? port
            : null;
}
