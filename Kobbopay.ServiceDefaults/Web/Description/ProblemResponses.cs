using System.Text.Json;
using System.Text.Json.Nodes;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.OpenApi;

namespace Kobbopay.ServiceDefaults.Web.Description;

/// <summary>
/// The refusals that a route has: those that follow from who may call it, its path, its method and what it takes, and
/// its own (<see cref="RouteDescription.Refuses"/>). A response of the description stands for the codes of one status,
/// and its name is these codes: services that share one agree on it.
/// </summary>
internal static class ProblemResponses
{
    private const char Separator = '.';

    private static readonly string[] OfEverybody =
    [
        ProblemCodes.RateLimited, ProblemCodes.InternalError, ProblemCodes.BadGateway, ProblemCodes.ServiceUnavailable,
    ];

    private static readonly string[] OfKeys =
    [
        ProblemCodes.AuthenticationRequired, ProblemCodes.InvalidApiKey, ProblemCodes.ApiKeyInBrowser,
        ProblemCodes.AuthenticationUnavailable,
    ];

    private static readonly string[] OfBodies =
    [
        ProblemCodes.InvalidJson, ProblemCodes.InvalidRequest, ProblemCodes.BodyTooLarge,
        ProblemCodes.UnsupportedMediaType,
    ];

    public static void AddTo(OpenApiOperation operation, ApiDescription route, OpenApiDocument? document)
    {
        foreach (var codes in CodesOf(operation, route).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal).GroupBy(code => ProblemCodes.All[code].Status).OrderBy(codes => codes.Key))
        {
            operation.Responses!.TryAdd(
                $"{codes.Key}", new OpenApiResponseReference(string.Join(Separator, codes), document));
        }
    }

    /// <summary>Makes the responses that operations have named, and an example for each code in them.</summary>
    public static void Define(OpenApiDocument document)
    {
        var components = document.Components!;
        components.Examples ??= new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        var named = document.Paths.SelectMany(path => path.Value.Operations!.Values)
            .SelectMany(operation => operation.Responses!)
            .Where(response => response.Key != "default").Select(response => response.Value)
            .OfType<OpenApiResponseReference>().Select(response => response.Reference.Id!).Distinct();
        foreach (var name in named)
        {
            var codes = name.Split(Separator);
            components.Responses![name] = new OpenApiResponse
            {
                Description = string.Join(' ', codes.Select(Explain)),
                Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
                {
                    [Problems.ContentType] = new OpenApiMediaType
                    {
                        Schema = new OpenApiSchemaReference(OperationTransformer.Problem, document),
                        Examples = codes.ToDictionary(
                            code => code,
                            code => (IOpenApiExample)new OpenApiExampleReference(code, document),
                            StringComparer.Ordinal),
                    },
                },
            };
            foreach (var code in codes)
                components.Examples[code] = new OpenApiExample { Value = ExampleOf(ProblemCodes.All[code]) };
        }
    }

    private static IEnumerable<string> CodesOf(OpenApiOperation operation, ApiDescription route)
    {
        var metadata = route.ActionDescriptor.EndpointMetadata;
        var access = ApiDescriptionExtensions.AccessOf(route);
        IEnumerable<string> codes = [.. OfEverybody, .. metadata.OfType<RefusedBy>().SelectMany(own => own.Codes)];
        if (access is not RouteAccess.Public)
            codes = codes.Concat(OfKeys);
        if (access is RouteAccess.Merchant { TestOnly: var testOnly })
        {
            codes = codes.Concat([ProblemCodes.InsufficientScope, ProblemCodes.AddressNotAllowed]);
            if (testOnly)
                codes = codes.Append(ProblemCodes.WrongEnvironment);
        }

        if (metadata.OfType<TakenBody>().Any())
            codes = codes.Concat(OfBodies);
        if (route.RelativePath!.Contains('{', StringComparison.Ordinal))
            codes = codes.Append(ProblemCodes.NotFound);
        var query = operation.Parameters!.Where(parameter => parameter.In == ParameterLocation.Query).ToArray();
        if (query.Length > 0)
            codes = codes.Append(ProblemCodes.InvalidRequest);
        if (query.Any(parameter => parameter.Name == "before"))
            codes = codes.Append(ProblemCodes.InvalidCursor);
        if (operation.Parameters!.OfType<OpenApiParameterReference>().Any())
        {
            codes = codes.Concat(
                [ProblemCodes.IdempotencyKeyInUse, ProblemCodes.IdempotencyKeyReused, ProblemCodes.InvalidRequest]);
        }

        return codes;
    }

    /// <summary>Without markup, which readers show in some places as it is written.</summary>
    private static string Explain(string code) => $"{code}: {ProblemCodes.All[code].Title}.";

    private static JsonNode ExampleOf(ProblemKind kind)
    {
        var body = new ProblemBody(
            $"/docs/errors#{kind.Code.Replace('_', '-')}", kind.Title, kind.Status, $"{kind.Title}.", "/v1/payments",
            kind.Code, "req_01m859x2n3f4a8ws1ygwmdzqpr", kind.Retryable, FieldsOf(kind.Code),
            kind.Code is ProblemCodes.OrderHasOpenPayment or ProblemCodes.OrderAlreadyPaid
                ? "pay_01m8hdgv7sfpdvc7pnscv5f65z"
                : null,
            kind.Code is ProblemCodes.OrderHasOpenPayment or ProblemCodes.OrderAlreadyPaid
                ? "https://kobbopay.example.com/pay/pst_0123456789abcdef0123456789abcdef"
                : null,
            kind.Code is ProblemCodes.CursorExpired ? 1042 : null);
        return JsonSerializer.SerializeToNode(body, ProblemJson.Default.ProblemBody)!;
    }

    private static InvalidField[]? FieldsOf(string code) => code switch
    {
        ProblemCodes.InvalidRequest => [new("/orderId", "required", "This field is required.")],
        ProblemCodes.UnsupportedRail => [new("/network", "unsupported_rail", "Not enabled for you.")],
        ProblemCodes.TooManyDecimals => [new("/amount", code, "USDT has 6 decimals on example-network.")],
        ProblemCodes.AmountOutOfRange => [new("/amount", code, "Must be 0.000001 to 1000000.")],
        _ => null,
    };
}

/// <summary>Codes that a route has besides those that follow from what it is.</summary>
internal sealed record RefusedBy(IReadOnlyList<string> Codes);
