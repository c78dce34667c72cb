using System.Text.Json.Serialization;

namespace Kobbopay.Cli.Running;

/// <summary>A failure under <c>--json</c>: one line on stderr.</summary>
internal sealed record ErrorDocument(
    string Error, string? Code, string? RequestId, IReadOnlyList<string> Details, string Next, int ExitCode)
{
    public ErrorDocument(Failure failure)
        : this(failure.Error, failure.Code, failure.RequestId, failure.Details, failure.Next, failure.ExitCode)
    {
    }
}

/// <summary>One attempt of <c>listen</c> or <c>events resend</c>.</summary>
internal sealed record ForwardDocument(
    string Event, string Type, long? Sequence, int Attempt, int? Status, long LatencyMs, string Outcome, bool Resend);

internal sealed record LoginDocument(string Profile, string Url, string Environment, string? Merchant, string File);

internal sealed record LogoutDocument(string Profile, string File);

internal sealed record OpenDocument(string Url, bool Opened);

internal sealed record ScenarioDocument(string Name, string Happens);

internal sealed record VerifyDocument(bool Valid, string Reason, IReadOnlyList<VerifyFinding> Signatures);

internal sealed record VerifyFinding(string Header, string Verdict, string Reason);

internal sealed record ResendDocument(string Event, IReadOnlyList<string> Deliveries, bool Listen);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ErrorDocument))]
[JsonSerializable(typeof(ForwardDocument))]
[JsonSerializable(typeof(LoginDocument))]
[JsonSerializable(typeof(LogoutDocument))]
[JsonSerializable(typeof(OpenDocument))]
[JsonSerializable(typeof(IReadOnlyList<ScenarioDocument>))]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(ResendDocument))]
internal sealed partial class DocumentJson : JsonSerializerContext;
