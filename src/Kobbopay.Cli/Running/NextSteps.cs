using Kobbopay.Client;

namespace Kobbopay.Cli.Running;

/// <summary>What to do after each refusal of the interface.</summary>
internal static class NextSteps
{
    private const string Retry = "run the same command again in a moment; nothing is done twice.";
    private const string LogIn = "kobbo login (or check KOBBOPAY_API_KEY, which wins over the stored key).";
    private const string Rails = "kobbo rails.";

    private static readonly Dictionary<string, string> ByCode = new(StringComparer.Ordinal)
    {
        [KobbopayProblemCodes.InvalidJson] = "update kobbo (dotnet tool update --global Kobbopay.Cli), and try again.",
        [KobbopayProblemCodes.InvalidRequest] = "correct what is named above; --help of the command tells its forms.",
        [KobbopayProblemCodes.UnsupportedRail] = $"take a currency and network that are enabled; {Rails}",
        [KobbopayProblemCodes.AmountOutOfRange] = $"take an amount between the rail's minimum and maximum; {Rails}",
        [KobbopayProblemCodes.TooManyDecimals] = $"take no more decimals than the currency has there; {Rails}",
        [KobbopayProblemCodes.AuthenticationRequired] = LogIn,
        [KobbopayProblemCodes.InvalidApiKey] =
            $"the key was revoked, rolled, has expired, or is another system's: take a new one and {LogIn}",
        [KobbopayProblemCodes.AuthenticationUnavailable] = Retry,
        [KobbopayProblemCodes.InsufficientScope] =
            "use a key that has the scope named above: kobbo login --profile NAME keeps several keys.",
        [KobbopayProblemCodes.AddressNotAllowed] =
            "run it from an address of the key's allowedIps, or use another key: kobbo login --profile NAME.",
        [KobbopayProblemCodes.ApiKeyInBrowser] =
            "look for a proxy in between that adds Origin or Sec-Fetch-Site (HTTPS_PROXY), and go around it.",
        [KobbopayProblemCodes.WrongEnvironment] =
            "use a key of the other environment: kobbo login --profile NAME, then --profile NAME.",
        [KobbopayProblemCodes.NotFound] =
            "check the id, and that the key is of the same environment (test or live): kobbo payments list.",
        [KobbopayProblemCodes.MethodNotAllowed] = "check the address that was logged in to: it has to be without /v1.",
        [KobbopayProblemCodes.UnsupportedMediaType] = "look for a proxy in between that changes requests.",
        [KobbopayProblemCodes.OrderHasOpenPayment] =
            "use that payment, or cancel it (kobbo payments cancel ID), or take another --order-id.",
        [KobbopayProblemCodes.OrderAlreadyPaid] =
            "look at that payment (kobbo payments get ID), or take another --order-id.",
        [KobbopayProblemCodes.PaymentNotCancelable] =
            "look at it (kobbo payments get ID): what has received money or is closed can't be canceled.",
        [KobbopayProblemCodes.PaymentNotResolvable] = "look at it: kobbo payments get ID.",
        [KobbopayProblemCodes.IdempotencyKeyReused] =
            "leave --idempotency-key out, or take a new one for a new request.",
        [KobbopayProblemCodes.IdempotencyKeyInUse] = Retry,
        [KobbopayProblemCodes.RotationInProgress] = "wait for the end of the overlap, or complete the rotation first.",
        [KobbopayProblemCodes.EndpointDisabled] =
            "repair the receiver and enable the endpoint (POST /v1/webhook-endpoints/ID/enable); kobbo webhooks list "
            + "tells why it is disabled.",
        [KobbopayProblemCodes.AlreadyDecided] = "nothing: it was decided before. Read it again to see how.",
        [KobbopayProblemCodes.MerchantClosed] = "write to support: the merchant is suspended or closed.",
        [KobbopayProblemCodes.CertificationRequired] =
            "certify the receiver with a test key: kobbo certify ENDPOINT_ID.",
        [KobbopayProblemCodes.ClaimEnded] = "ask the operator for a new claim link.",
        [KobbopayProblemCodes.InvalidCursor] = "leave --after out, or take nextCursor of the same list and filter.",
        [KobbopayProblemCodes.CursorExpired] =
            "start with the oldest event that is kept: kobbo listen --from beginning; read older payments with kobbo "
            + "payments list.",
        [KobbopayProblemCodes.BodyTooLarge] = "send less: a request may have 64 KiB.",
        [KobbopayProblemCodes.RateLimited] = "wait for the time named above, and run fewer commands at once.",
        [KobbopayProblemCodes.ServiceUnavailable] = Retry,
        [KobbopayProblemCodes.BadGateway] = Retry,
        [KobbopayProblemCodes.InternalError] = $"{Retry} If it stays, tell support the request id.",
    };

    /// <summary>Null for a code that came after this tool.</summary>
    public static string? Of(string? code) => code is null ? null : ByCode.GetValueOrDefault(code);
}
