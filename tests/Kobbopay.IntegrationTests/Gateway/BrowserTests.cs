using System.Diagnostics;
using System.Text.Json;
using Kobbopay.Gateway;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace Kobbopay.IntegrationTests.Gateway;

/// <summary>What real clients send: Node's fetch, a proxy that forwards a visitor's headers, and Chromium.</summary>
public sealed class BrowserTests : GatewayHouse
{
    [Fact]
    public async Task Nodes_fetch_is_a_server_and_passes()
    {
        var start = new ProcessStartInfo("node")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            ArgumentList =
            {
                "-e",
                $"fetch('{Url}v1/payments', {{headers: {{'x-api-key': '{Key}'}}}}).then(a => console.log(a.status))",
            },
        };
        using var node = Process.Start(start)!;
        var output = await node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);

        output.Trim().Should().Be("200");
        Payments.Single().Headers.Should().ContainKey("sec-fetch-mode", "it sends what must not be taken for a mark");
    }

    [Fact]
    public async Task A_proxy_that_forwards_the_visitors_origin_learns_what_to_remove()
    {
        await using var proxy = await StartProxyAsync();
        using var visitor = NewClient(new Uri(proxy.Urls.Single()));

        var forwarded = await SendByAsync(
            visitor, HttpMethod.Get, "/v1/payments", body: null, ("Origin", "https://shop.example"));
        var without = await SendByAsync(visitor, HttpMethod.Get, "/v1/payments", body: null);

        forwarded.ShouldBeProblem("api_key_in_browser")
            .Should().Contain("a proxy in between may have forwarded Origin: remove it there");
        without.Status.Should().Be(200);
        await Eventually.SeeAsync(Misuses, seen => seen.Contains((KeyDescription.KeyId, "Origin", 1)));
    }

    [Fact]
    public async Task A_page_that_calls_with_a_key_is_refused_from_the_same_origin_and_from_another()
    {
        foreach (var backend in new[] { PublicStatus, Webhooks })
        {
            backend.Answer = http =>
            {
                http.Response.ContentType = "text/html";
                http.Response.Headers.ContentSecurityPolicy = "default-src *";
                return http.Response.WriteAsync("<!doctype html><title>shop</title>", http.RequestAborted);
            };
        }

        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.OpenAsync();

        await page.GotoAsync($"{Url}pay/pst_1");
        JsonDocument.Parse(await FetchAsync(page)).RootElement.GetProperty("code").GetString()
            .Should().Be("api_key_in_browser");

        await page.GotoAsync($"{Webhooks.Url}pay/shop");
        (await FetchAsync(page)).Should().Contain("Failed to fetch", "its preflight was refused");

        Payments.Received.Should().BeEmpty();
        await Eventually.SeeAsync(Misuses, seen => seen.Contains((KeyDescription.KeyId, "Sec-Fetch-Site", 1)));
    }

    private Task<string> FetchAsync(IPage page) => page.EvaluateAsync<string>(
        """
        async ([url, key]) => {
          try {
            return await (await fetch(url, { headers: { 'x-api-key': key } })).text();
          } catch (problem) {
            return problem.message;
          }
        }
        """,
        new[] { $"{Url}v1/payments", Key });

    private List<(Guid KeyId, string Header, int Count)> Misuses() =>
        Gateway.Services.GetRequiredService<KeyActivity>().Take()?.Misuses
            .Select(misuse => (misuse.KeyId, misuse.Header, misuse.Count)).ToList() ?? [];

    /// <summary>A shop's server that passes on whatever its visitors send, and adds its key.</summary>
    private async Task<WebApplication> StartProxyAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = ["--urls=http://127.0.0.1:0"] });
        builder.Logging.ClearProviders();
        var proxy = builder.Build();
        proxy.Map("/{**rest}", async http =>
        {
            using var gateway = NewClient(Url);
            using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), http.Request.Path.Value);
            foreach (var (name, value) in http.Request.Headers.Where(header => header.Key != "Host"))
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)value);
            request.Headers.Add("x-api-key", Key);
            using var answer = await gateway.SendAsync(request, http.RequestAborted);
            http.Response.StatusCode = (int)answer.StatusCode;
            http.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            http.Response.Headers["X-Request-Id"] = answer.Headers.GetValues("X-Request-Id").Single();
            await answer.Content.CopyToAsync(http.Response.Body, http.RequestAborted);
        });
        await proxy.StartAsync(TestContext.Current.CancellationToken);
        return proxy;
    }
}
