using System.Net;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Kobbopay.IntegrationTests.Webhooks;

/// <summary>
/// An authority that this process trusts beside no other, so that a receiver's certificate can be right, and wrong in
/// one respect at a time. The runtime reads its roots once, from the file that the environment names: it is there
/// before the first test begins.
/// </summary>
internal static class TestAuthority
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();
    private static readonly X509Certificate2 Root = MakeRoot();

    /// <summary>A certificate for a receiver at 127.0.0.1, unless told otherwise.</summary>
    /// <param name="issuers">An address that missing issuers may be fetched from.</param>
    public static X509Certificate2 Issue(
        string? name = null, bool expired = false, X509Certificate2? issuer = null, Uri? issuers = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=receiver", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (name is null)
            names.AddIpAddress(IPAddress.Loopback);
        else
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        if (issuers is not null)
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([], [issuers.ToString()]));
        var end = expired ? Now.AddDays(-1) : Now.AddDays(2);
        using var issued = request.Create(issuer ?? Root, Now.AddDays(-2), end, RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    /// <summary>An authority under the trusted one, which receivers do not send along.</summary>
    public static X509Certificate2 Intermediate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issued = AuthorityRequest("CN=Kobbopay tests between", key).Create(
            Root, Now.AddDays(-2), Now.AddDays(2), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    public static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(1));
    }

#pragma warning disable CA2255 // An application's tests are an application.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void Trust()
    {
        var file = Path.Combine(AppContext.BaseDirectory, $"test-root-{Environment.ProcessId}.pem");
        File.WriteAllText(file, Root.ExportCertificatePem());
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.Delete(file);
        // The runtime's native half reads the process's real environment, which Environment has only a copy of.
        if (SetVariable("SSL_CERT_FILE", file, overwrite: 1) != 0
            || SetVariable("SSL_CERT_DIR", Path.Combine(AppContext.BaseDirectory, "no-other-roots"), overwrite: 1) != 0)
            throw new InvalidOperationException("The environment takes no variable");
    }

    private static X509Certificate2 MakeRoot()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return AuthorityRequest("CN=Kobbopay tests", key).CreateSelfSigned(Now.AddDays(-3), Now.AddDays(3));
    }

    private static CertificateRequest AuthorityRequest(string subject, ECDsa key) =>
        new(subject, key, HashAlgorithmName.SHA256)
        {
            CertificateExtensions =
            {
                new X509BasicConstraintsExtension(true, false, 0, true),
                new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true),
            },
        };

#pragma warning disable SYSLIB1054, CA2101 // The generated form needs unsafe code; the texts are ASCII.
    [DllImport("libc", EntryPoint = "setenv")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetVariable(string name, string value, int overwrite);
#pragma warning restore SYSLIB1054, CA2101
}
