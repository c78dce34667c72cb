using System.Diagnostics;
using System.Net;
using Kobbopay.Bench.Measure;
using Kobbopay.Contracts;
using Kobbopay.Gateway;
using Kobbopay.ServiceDefaults;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kobbopay.Bench.Scenarios;

/// <summary>
/// What a key that is held costs each request at the gateway: its form, its hash, its look-up in the cache, its use
/// noted. In process, without a request around it.
/// </summary>
internal static class Authentication
{
    private const int Calls = 100_000;
    private const double MostNanoseconds = 5_000;

    public static async Task RunAsync(Workbench bench, CancellationToken cancellation)
    {
        var text = ApiKey.Create(MerchantEnvironments.Live);
        using var settings = new LiveSettings<LimitSettings>(
            new ConfigurationManager(), LimitSettings.Section, LimitSettings.Read, NullLogger.Instance);
        using var limits = new RateLimits(settings);
        var authentication = Gateway(limits);
        var http = new DefaultHttpContext();
        http.Request.Headers[ApiKeyAuthentication.Header] = text;
        http.Connection.RemoteIpAddress = IPAddress.Loopback;

        var (times, allocated) = (new List<double>(), 0L);
        var warmUp = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(warmUp) < bench.Plan.WarmUp)
            await CallAsync(authentication, http, cancellation);
        for (var i = 0; i < bench.Plan.Repetitions; i++)
        {
            var (started, before) = (Stopwatch.GetTimestamp(), GC.GetTotalAllocatedBytes());
            await CallAsync(authentication, http, cancellation);
            times.Add(Stopwatch.GetElapsedTime(started).TotalNanoseconds / Calls);
            allocated = (GC.GetTotalAllocatedBytes() - before) / Calls;
        }

        Report.Note(
            "| what | ns per call (min-max) | bytes |\n|---|---|---|\n"
            + $"| a key that is held | **{Report.Text(Ratio.Median(times))}** "
            + $"({Report.Text(times.Min())}-{Report.Text(times.Max())}) | {allocated} |");
        // The best one: whatever else runs on the machine only adds to it.
        if (times.Min() > MostNanoseconds)
            throw new InvalidOperationException($"A held key must not cost more than {MostNanoseconds} ns.");
    }

    private static async Task CallAsync(
        ApiKeyAuthentication authentication, HttpContext http, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        for (var i = 0; i < Calls; i++)
        {
            var (key, refusal) = await authentication.AuthenticateAsync(http);
            if (key is null)
                throw refusal!;
        }
    }

    private static ApiKeyAuthentication Gateway(RateLimits limits)
    {
        var clock = TimeProvider.System;
        var configuration = new ConfigurationManager
        {
            [$"Identity:Issue:{ResourceNames.Payments}"] = new('k', 48),
        };
        var issuer = new IdentityIssuer(
            new IdentityKeys(configuration), new HostingEnvironment { ApplicationName = "Kobbopay.Gateway" }, clock);
        var description = new ApiKeyDescription(
            Id.New(clock), Id.New(clock), MerchantEnvironments.Live, Scopes.All, ExpiresAt: null, Version: 1);
        var activity = new KeyActivity(clock);
        return new ApiKeyAuthentication(
            new ApiKeyCache((_, _) => Task.FromResult<ApiKeyDescription?>(description), issuer, clock),
            new KeyGuessing(limits, activity),
            activity,
            clock,
            NullLogger<ApiKeyAuthentication>.Instance);
    }
}
