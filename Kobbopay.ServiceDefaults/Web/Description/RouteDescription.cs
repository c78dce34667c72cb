using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>
/// What a public route says of itself in the API description, in a few words after who may call it:
/// <code>
/// app.MapPost("/v1/payments", HandleAsync).RequireMerchant(Scopes.PaymentsWrite)
///     .Describe("createPayment", "Create a payment")
///     .Takes&lt;CreatePaymentRequest&gt;("amount", "currency")  // the JSON body, and the fields that it must have
///     .Answers&lt;PaymentJson&gt;(StatusCodes.Status201Created);
/// </code>
/// The body and the answer need a place in a JSON context that the service names at
/// <see cref="ApiDescriptionExtensions.AddApiDescription"/>. Parameters of the path, problems, the idempotency key, the
/// key's scope and the tag come by themselves (<see cref="OperationTransformer"/>), as do query parameters that the
/// handler binds; those it reads by itself are named by <see cref="TakesQuery"/>. A test misses what is forgotten.
/// A page that is a form, and no part of the API, is excluded from the description instead.
/// </summary>
public static class RouteDescription
{
    /// <param name="operationId">Never renamed: generated clients call their methods by it.</param>
    /// <param name="summary">A few words, without a full stop.</param>
    public static IEndpointConventionBuilder Describe(
        this IEndpointConventionBuilder route, string operationId, string summary) =>
        route.WithName(operationId).WithSummary(summary);

    /// <summary>A JSON body, which the handler reads by <see cref="JsonBody.ReadAsync"/>.</summary>
    /// <param name="required">Fields that it must have, as JSON names them.</param>
    public static IEndpointConventionBuilder Takes<T>(
        this IEndpointConventionBuilder route, params string[] required) =>
        route.WithMetadata(new TakenBody(typeof(T), IsRequired: true, required));

    /// <summary>A JSON body that may be left out (<see cref="JsonBody.ReadOrDefaultAsync"/>).</summary>
    public static IEndpointConventionBuilder MayTake<T>(this IEndpointConventionBuilder route) =>
        route.WithMetadata(new TakenBody(typeof(T), IsRequired: false, []));

    /// <summary>
    /// Query parameters that the handler reads by itself; what they mean is <see cref="KnownParameters"/>' or
    /// <see cref="WithParameter"/>'s.
    /// </summary>
    public static IEndpointConventionBuilder TakesQuery(
        this IEndpointConventionBuilder route, params IEnumerable<string> names) =>
        route.WithMetadata([.. names.Select(name => new TakenParameter(name))]);

    /// <summary>A query parameter in this route's own words.</summary>
    /// <param name="values">The values it takes, where they are few.</param>
    public static IEndpointConventionBuilder WithParameter(
        this IEndpointConventionBuilder route, string name, string description, params IEnumerable<string> values) =>
        route.WithMetadata(new TakenParameter(name, description, [.. values]));

    /// <summary>A query parameter that is a whole number.</summary>
    public static IEndpointConventionBuilder WithNumber(
        this IEndpointConventionBuilder route, string name, string description, long least, long? most = null) =>
        route.WithMetadata(new TakenParameter(name, description) { Least = least, Most = most });

    /// <summary>Query parameters that must be given.</summary>
    public static IEndpointConventionBuilder RequiresQuery(
        this IEndpointConventionBuilder route, params IEnumerable<string> names) =>
        route.WithMetadata([.. names.Select(name => new TakenParameter(name) { IsRequired = true })]);

    /// <summary>The JSON of a success.</summary>
    public static IEndpointConventionBuilder Answers<T>(
        this IEndpointConventionBuilder route, int status = StatusCodes.Status200OK) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(T), ["application/json"]));

    /// <summary>A success without content.</summary>
    public static IEndpointConventionBuilder Answers(this IEndpointConventionBuilder route, int status) =>
        route.WithMetadata(new ProducesResponseTypeMetadata(status, typeof(void)));

    /// <summary>
    /// Codes of <see cref="ProblemCodes"/> that this route has besides those of every route like it
    /// (<see cref="ProblemResponses"/>).
    /// </summary>
    public static IEndpointConventionBuilder Refuses(
        this IEndpointConventionBuilder route, params IReadOnlyList<string> codes) =>
        route.WithMetadata(new RefusedBy(codes));

    /// <summary>A success that is no JSON: a page, a file, a stream.</summary>
    public static IEndpointConventionBuilder AnswersText(this IEndpointConventionBuilder route, string contentType) =>
        route.WithMetadata(new AnsweredText(contentType));
}

/// <summary>
/// Not the framework's metadata, which would make routing answer another content type before the handler can.
/// </summary>
/// <param name="Required">Fields, as JSON names them.</param>
internal sealed record TakenBody(Type Type, bool IsRequired, IReadOnlyList<string> Required);

/// <summary>
/// Beside the JSON of a 200, or in its place; the framework's metadata takes one answer for a status.
/// </summary>
internal sealed record AnsweredText(string ContentType);

/// <param name="Name"><c>name[]</c> stands for any <c>name[key]</c>.</param>
internal sealed record TakenParameter(string Name, string? Description = null, IReadOnlyList<string>? Values = null)
{
    public bool IsRequired { get; init; }

    public long? Least { get; init; }

    public long? Most { get; init; }
}
