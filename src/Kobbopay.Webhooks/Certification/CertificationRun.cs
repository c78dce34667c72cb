using System.Diagnostics;
using Kobbopay.Client;
using Kobbopay.Contracts;
using Kobbopay.Webhooks.Deliveries;
using Kobbopay.Webhooks.Endpoints;

namespace Kobbopay.Webhooks.Certification;

/// <summary>
/// Tries one receiver, check by check, with requests that go the way of all deliveries, and are none: nothing is
/// retried, and nothing that the receiver answers changes its endpoint.
/// </summary>
internal sealed class CertificationRun(
    DeliverySender sender,
    DeliveryTarget target,
    EgressGuard egress,
    EndpointSecrets secrets,
    string orderId,
    TimeProvider clock)
{
    /// <summary>No check begins after this: together with the last one that is well below the gateway's
    /// patience.</summary>
    private static readonly TimeSpan RunLimit = TimeSpan.FromSeconds(30);

    /// <summary>Twice the tolerance.</summary>
    private static readonly TimeSpan StaleBy = TimeSpan.FromSeconds(2 * WebhookSignature.ToleranceSeconds);

    private readonly string _stranger = WebhookSecret.Create();
    private readonly long _began = clock.GetTimestamp();
    private readonly List<CheckAnswer> _answers = [];
    private long? _lastSent;
    private bool _isTooSlow;
    private TimeSpan? _slowest;

    public async Task<IReadOnlyList<CheckAnswer>> RunAsync(CancellationToken cancellation)
    {
        var first = NewEvent();
        // Who can't be reached is not tried any further.
        if (await TryAsync(Checks.Valid, cancellation, () => Signed(first)))
            await TryTheRestAsync(first, cancellation);

        _answers.Add(Check.BodySignature(target.BodySignature));
        if (_isTooSlow || _slowest is not null)
            _answers.Add(Check.AnswerTime(_isTooSlow ? null : _slowest));
        return _answers;
    }

    private async Task TryTheRestAsync(SampleEvent first, CancellationToken cancellation)
    {
        var payment = Id.New(clock);
        await TryAsync(Checks.Duplicate, cancellation, () => Signed(first));
        await TryAsync(
            Checks.OutOfOrder, cancellation,
            () => Signed(NewEvent(payment, version: 3)), () => Signed(NewEvent(payment, version: 2)));
        await TryAsync(Checks.StaleTimestamp, cancellation, () => Signed(NewEvent(), signedAgo: StaleBy));
        await TryAsync(Checks.WrongSignature, cancellation, () => Signed(NewEvent(), by: _stranger));
        await TryAsync(Checks.AlteredBody, cancellation, () =>
        {
            var sent = Signed(NewEvent());
            return sent with { Event = sent.Event.Altered() };
        });
        await TryAsync(Checks.Rotation, cancellation, () => OfRotation(NewEvent()));
        await TryAsync(Checks.Unsigned, cancellation, () =>
        {
            var sent = Signed(NewEvent());
            return sent with { Headers = [.. sent.Headers.Where(header => !IsSignature(header.Key))] };
        });
        await TryAsync(Checks.SlowBody, cancellation, () => Signed(NewEvent()) with { IsSlow = true });
    }

    /// <summary>Sends the check's requests up to the first that comes to a wrong end.</summary>
    /// <returns>False when there was no answer at all.</returns>
    private async Task<bool> TryAsync(Check check, CancellationToken cancellation, params Func<Trial>[] trials)
    {
        if (clock.GetElapsedTime(_began) > RunLimit)
        {
            _answers.Add(check.NotTried(RunLimit));
            return false;
        }

        Attempt attempt;
        var (latency, next) = (TimeSpan.Zero, 0);
        do
        {
            await KeepRateAsync(cancellation);
            var trial = trials[next++]();
            attempt = await SendAsync(trial, cancellation);
            latency = trial.IsSlow && attempt.Latency > SlowContent.Pauses
                ? attempt.Latency - SlowContent.Pauses
                : attempt.Latency;
            _isTooSlow |= attempt.ErrorKind == ErrorKinds.Timeout;
            if (attempt.StatusCode is not null && (_slowest is null || latency > _slowest))
                _slowest = latency;
        }
        while (next < trials.Length && check.IsMetBy(attempt));

        _answers.Add(check.Judge(attempt, latency));
        return attempt.StatusCode is not null;
    }

    private async Task<Attempt> SendAsync(Trial trial, CancellationToken cancellation)
    {
        var now = clock.GetUtcNow();
        if (target.CheckedUrl(egress) is not { } url)
            return new Attempt(now, TimeSpan.Zero, StatusCode: null, ErrorKinds.UrlRefused);
        var limit = trial.IsSlow ? Check.AnswerLimit + SlowContent.Pauses : Check.AnswerLimit;
        using var timeout = new CancellationTokenSource(limit, clock);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        using var content = trial.IsSlow
            ? new SlowContent(trial.Event.Body, clock)
            : new AttemptContent(trial.Event.Body, clock);
        using var request = DeliverySender.Request(
            url, content, secrets.Headers, trial.Headers, trial.Event.DeliveryId, Activity.Current?.Id);
        var attempt = await sender.PostAsync(request, content, target.Environment, now, deadline.Token);
        cancellation.ThrowIfCancellationRequested();
        // A timer may be a tick early by the other clock: what it cut off has taken the whole limit.
        return timeout.IsCancellationRequested && attempt.Latency < limit ? attempt with { Latency = limit } : attempt;
    }

    /// <summary>An endpoint's rate limit is the merchant's wish, here too.</summary>
    private async Task KeepRateAsync(CancellationToken cancellation)
    {
        if (target.RateLimit is { } rate && _lastSent is { } last
            && TimeSpan.FromSeconds(1.0 / rate) - clock.GetElapsedTime(last) is { Ticks: > 0 } wait)
            await Task.Delay(wait, clock, cancellation);
        _lastSent = clock.GetTimestamp();
    }

    private SampleEvent NewEvent() => NewEvent(Id.New(clock), version: 2);

    private SampleEvent NewEvent(Guid payment, int version) =>
        SampleEvent.Make(payment, version, orderId, clock.GetUtcNow());

    /// <summary>As every delivery is signed, unless something is to be wrong with it.</summary>
    private Trial Signed(SampleEvent sample, string? by = null, TimeSpan signedAgo = default) => new(
        sample,
        WebhookSignature.Sign(
            Id.Format(Id.Event, sample.Id), clock.GetUtcNow() - signedAgo, sample.Body, by ?? secrets.Secret,
            by is null ? secrets.NextSecret : null, target.BodySignature));

    /// <summary>The secret that is known signs beside one that is not, and stands last in the list.</summary>
    private Trial OfRotation(SampleEvent sample)
    {
        var signed = WebhookSignature.Sign(
            Id.Format(Id.Event, sample.Id), clock.GetUtcNow(), sample.Body, secrets.Secret, _stranger,
            target.BodySignature);
        return new Trial(sample, [.. signed.Select(header => header.Key == WebhookHeaders.StandardSignature
            ? new(header.Key, string.Join(' ', header.Value.Split(' ').Reverse()))
            : header)]);
    }

    private static bool IsSignature(string header) => header
        is WebhookHeaders.Signature or WebhookHeaders.SignatureNext
        or WebhookHeaders.BodySignature or WebhookHeaders.BodySignatureNext
        or WebhookHeaders.StandardSignature;

    /// <param name="Headers">Id, time and signatures.</param>
    private sealed record Trial(
        SampleEvent Event, IReadOnlyList<KeyValuePair<string, string>> Headers, bool IsSlow = false);
}
