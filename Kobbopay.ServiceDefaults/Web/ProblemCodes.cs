using System.Collections.Frozen;

namespace Kobbopay.ServiceDefaults.Web;

/// <summary>
/// The closed list of problem codes (contracts.md, section 1), each with its one status and title. A code is never
/// renamed; a new one is added here, to the contract, and to docs/errors.md, where its anchor is its name with hyphens.
/// </summary>
public static class ProblemCodes
{
    public const string InvalidJson = "invalid_json";
    public const string InvalidRequest = "invalid_request";
    public const string UnsupportedRail = "unsupported_rail";
    public const string AmountOutOfRange = "amount_out_of_range";
    public const string TooManyDecimals = "too_many_decimals";
    public const string AuthenticationRequired = "authentication_required";
    public const string InvalidApiKey = "invalid_api_key";
    public const string AuthenticationUnavailable = "authentication_unavailable";
    public const string InsufficientScope = "insufficient_scope";
    public const string AddressNotAllowed = "address_not_allowed";
    public const string ApiKeyInBrowser = "api_key_in_browser";
    public const string WrongEnvironment = "wrong_environment";
    public const string NotFound = "not_found";
    public const string MethodNotAllowed = "method_not_allowed";
    public const string UnsupportedMediaType = "unsupported_media_type";
    public const string OrderHasOpenPayment = "order_has_open_payment";
    public const string OrderAlreadyPaid = "order_already_paid";
    public const string PaymentNotCancelable = "payment_not_cancelable";
    public const string PaymentNotResolvable = "payment_not_resolvable";
    public const string IdempotencyKeyReused = "idempotency_key_reused";
    public const string IdempotencyKeyInUse = "idempotency_key_in_use";
    public const string RotationInProgress = "rotation_in_progress";
    public const string EndpointDisabled = "endpoint_disabled";
    public const string AlreadyDecided = "already_decided";
    public const string MerchantClosed = "merchant_closed";
    public const string CertificationRequired = "certification_required";
    public const string ClaimEnded = "claim_ended";
    public const string InvalidCursor = "invalid_cursor";
    public const string CursorExpired = "cursor_expired";
    public const string BodyTooLarge = "body_too_large";
    public const string RateLimited = "rate_limited";
    public const string ServiceUnavailable = "service_unavailable";
    public const string BadGateway = "bad_gateway";
    public const string InternalError = "internal_error";

    public static readonly FrozenDictionary<string, ProblemKind> All = new ProblemKind[]
    {
        new(InvalidJson, 400, "The body is not valid JSON"),
        new(InvalidRequest, 422, "The request is invalid"),
        new(UnsupportedRail, 422, "This currency and network are not enabled"),
        new(AmountOutOfRange, 422, "The amount is out of range"),
        new(TooManyDecimals, 422, "The amount has more decimals than the currency"),
        new(AuthenticationRequired, 401, "An API key is required"),
        new(InvalidApiKey, 401, "The API key is not valid"),
        new(AuthenticationUnavailable, 503, "The API key can't be checked right now", Retryable: true),
        new(InsufficientScope, 403, "The API key lacks a scope"),
        new(AddressNotAllowed, 403, "The API key must not be used from this address"),
        new(ApiKeyInBrowser, 403, "API keys must not be used in browsers"),
        new(WrongEnvironment, 403, "Not available in this environment"),
        new(NotFound, 404, "Not found"),
        new(MethodNotAllowed, 405, "Method not allowed"),
        new(UnsupportedMediaType, 415, "Unsupported media type"),
        new(OrderHasOpenPayment, 409, "The order has an open payment"),
        new(OrderAlreadyPaid, 409, "The order has been paid"),
        new(PaymentNotCancelable, 409, "The payment can't be canceled"),
        new(PaymentNotResolvable, 409, "The payment can't be resolved"),
        new(IdempotencyKeyReused, 422, "The idempotency key was used for another request"),
        new(IdempotencyKeyInUse, 409, "A request with this idempotency key is still running", Retryable: true),
        new(RotationInProgress, 409, "A secret rotation is in progress"),
        new(EndpointDisabled, 409, "The webhook endpoint is disabled"),
        new(AlreadyDecided, 409, "This has been decided already"),
        new(MerchantClosed, 409, "The merchant is closed"),
        new(CertificationRequired, 409, "The receiver has not been certified"),
        new(ClaimEnded, 410, "The claim link can't be used any more"),
        new(InvalidCursor, 422, "The cursor is not valid"),
        new(CursorExpired, 410, "The cursor is older than what is kept"),
        new(BodyTooLarge, 413, "The body is too large"),
        new(RateLimited, 429, "Too many requests", Retryable: true),
        new(ServiceUnavailable, 503, "The service is not available right now", Retryable: true),
        new(BadGateway, 502, "A service gave no proper answer", Retryable: true),
        new(InternalError, 500, "Something went wrong on our side", Retryable: true),
    }.ToFrozenDictionary(kind => kind.Code, StringComparer.Ordinal);
}

/// <param name="Retryable">Whether the same request may succeed later, unchanged.</param>
public sealed record ProblemKind(string Code, int Status, string Title, bool Retryable = false);
