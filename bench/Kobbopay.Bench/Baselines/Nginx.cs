using System.Net.Sockets;
using Kobbopay.LocalServers;

namespace Kobbopay.Bench.Baselines;

/// <summary>A bare nginx in front of one upstream, its connections kept open.</summary>
internal sealed class Nginx : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly ChildProcess child;
    private readonly string folder;

    private Nginx(ChildProcess child, string folder, Uri address) =>
        (this.child, this.folder, Address) = (child, folder, address);

    public Uri Address { get; }

    public static async Task<Nginx> StartAsync(Uri upstream, CancellationToken cancellation)
    {
        var home = Directory.CreateTempSubdirectory("kobbopay-nginx-").FullName;
        var port = LoopbackPorts.Free(1)[0];
        var configuration = Path.Combine(home, "nginx.conf");
        await File.WriteAllTextAsync(configuration, Configuration(home, port, upstream), cancellation);
        var process = await ChildProcess.StartAsync(
            new ChildCommand("nginx", "/usr/sbin/nginx", ["-p", home, "-c", configuration, "-e", "stderr"])
            {
                WorkingDirectory = home,
            },
            cancellation);
        var nginx = new Nginx(process, home, new UriBuilder(Uri.UriSchemeHttp, "127.0.0.1", port).Uri);
        await WaitAsync(port, cancellation);
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        await child.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string Configuration(string home, int port, Uri upstream) => $$"""
        daemon off;
        worker_processes 1;
        pid {{home}}/nginx.pid;
        events { worker_connections 256; }
        http {
          access_log off;
          client_body_temp_path {{home}}/body;
          proxy_temp_path {{home}}/proxy;
          fastcgi_temp_path {{home}}/fastcgi;
          uwsgi_temp_path {{home}}/uwsgi;
          scgi_temp_path {{home}}/scgi;
          keepalive_requests 10000000;
          upstream service { server {{upstream.Authority}}; keepalive 16; }
          server {
            listen 127.0.0.1:{{port}};
            location / {
              proxy_pass http://service;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
            }
          }
        }
        """;

    private static async Task WaitAsync(int port, CancellationToken cancellation)
    {
        for (var started = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                using var client = new TcpClient();
                await client.ConnectAsync("127.0.0.1", port, cancellation);
                return;
            }
            catch (SocketException) when (TimeProvider.System.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Poll, TimeProvider.System, cancellation);
            }
        }
    }
}
