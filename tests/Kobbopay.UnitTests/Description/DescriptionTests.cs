using System.Text.Json.Nodes;
using Kobbopay.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace Kobbopay.UnitTests.Description;

/// <summary>docs/openapi.json, held against the routes as they are mapped.</summary>
public sealed class DescriptionTests(DescribedServices services) : IClassFixture<DescribedServices>
{
    private const string WriteVariable = "KOBBOPAY_WRITE_OPENAPI";
    private const string Page = "docs/openapi.json";

    private static readonly string[] Ours = ["/health", "/alive"];

    private IEnumerable<(string Path, string Method, JsonNode Operation)> Operations =>
        from path in services.Json["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        select (path.Key, operation.Key, operation.Value!);

    [Fact]
    public void Every_public_route_is_described_and_nothing_else_is()
    {
        var mapped =
            from service in services.Services.Values
            from endpoint in service.Endpoints
            let access = endpoint.Metadata.GetMetadata<RouteAccess>()
            where access is not (null or RouteAccess.Internal)
                && (PathOf(endpoint).StartsWith("/v1/", StringComparison.Ordinal) || !IsExcluded(endpoint))
                && !Ours.Contains(endpoint.RoutePattern.RawText)
            from method in endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods
            where !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method)
            select $"{method} {PathOf(endpoint)}";

        Operations.Select(described => $"{described.Method.ToUpperInvariant()} {described.Path}")
            .Should().BeEquivalentTo(mapped);
    }

    [Fact]
    public void Every_route_says_who_may_call_it()
    {
        var mapped =
            from service in services.Services.Values
            from endpoint in service.Endpoints
            from described in Operations
            where described.Path == PathOf(endpoint)
                && endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods
                    .Contains(described.Method, StringComparer.OrdinalIgnoreCase)
            select (endpoint.Metadata.GetMetadata<RouteAccess>(), described.Operation);

        foreach (var (access, operation) in mapped)
        {
            var scheme = operation["security"]?[0]!.AsObject().Single().Key;
            var said = (scheme, (string?)operation["x-kobbopay-scope"], (string?)operation["x-kobbopay-environment"]);
            said.Should().Be(access switch
            {
                RouteAccess.Merchant { TestOnly: var testOnly, Scope: var scope } =>
                    ("apiKey", scope, testOnly ? "test" : null),
                RouteAccess.Operator => ("operatorKey", null, null),
                _ => (null, null, null),
            });
        }
    }

    [Fact]
    public void Every_operation_has_a_name_of_its_own_a_summary_a_tag_a_success_and_the_problem()
    {
        var poor = Operations.Where(described => described.Operation is var operation && !(
            operation["operationId"] is not null
            && (string?)operation["summary"] is [not '.', .., not '.']
            && operation["tags"] is JsonArray { Count: 1 }
            && (string?)operation["responses"]!["default"]!["$ref"] == "#/components/responses/Problem"
            && operation["responses"]!.AsObject().Any(IsSuccess)));

        None(poor.Select(described => $"{described.Method} {described.Path}"));
        Operations.Select(described => (string?)described.Operation["operationId"]).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void Every_operation_that_changes_something_has_a_body_and_whoever_must_not_do_it_twice_a_key()
    {
        var writing = Operations.Where(described => described.Method is "post" or "put" or "patch").ToArray();

        None(writing
            .Where(described => described.Operation["requestBody"] is null)
            .Select(described => described.Path));
        None(writing
            .Where(described => described is { Method: "post" } && described.Operation["security"] is not null)
            .Where(described => !described.Operation["parameters"]!.AsArray().Any(
                parameter => (string?)parameter!["$ref"] == "#/components/parameters/IdempotencyKey"))
            .Select(described => described.Path));
    }

    [Fact]
    public void The_gateway_routes_every_path()
    {
        None(services.Json["paths"]!.AsObject().Select(path => path.Key)
            .Where(path => !services.GatewayPrefixes.Any(prefix =>
                path == prefix || path.StartsWith($"{prefix}/", StringComparison.Ordinal))));
    }

    [Fact]
    public void Services_agree_on_what_they_name_alike()
    {
        services.Merged.Conflicts.Should().BeEmpty();
    }

    [Fact]
    public void A_reader_of_OpenAPI_finds_no_fault()
    {
        var (document, diagnostic) = OpenApiDocument.Parse(services.Json.ToJsonString(), OpenApiConstants.Json);

        diagnostic!.Errors.Should().BeEmpty();
        diagnostic.Warnings.Should().BeEmpty();
        diagnostic.SpecificationVersion.Should().Be(OpenApiSpecVersion.OpenApi3_1);
        document!.Validate(ValidationRuleSet.GetDefaultRuleSet()).Should().BeEmpty();
        ReferencesIn(services.Json).Where(reference => !Exists(reference)).Should().BeEmpty();
    }

    [Fact]
    public async Task The_page_says_what_the_code_says()
    {
        var path = Path.Combine(RepositoryTests.Root, Page);
        byte[] said = [.. services.Merged.Bytes, (byte)'\n'];
        if (Environment.GetEnvironmentVariable(WriteVariable) is not null)
            await File.WriteAllBytesAsync(path, said, TestContext.Current.CancellationToken);

        var page = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        page.AsSpan().SequenceEqual(said).Should().BeTrue(
            $"{Page} differs from the routes; run this test with {WriteVariable}=1 to write it anew");
    }

    /// <summary>Assets and forms of pages; the API itself has nothing to hide.</summary>
    private static bool IsExcluded(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>()?.ExcludeFromDescription is true;

    /// <summary>Fails with all that was found, not with the first alone.</summary>
    private static void None(IEnumerable<string> found) => string.Join('\n', found).Should().BeEmpty();

    private static bool IsSuccess(KeyValuePair<string, JsonNode?> response) =>
        response.Key is ['2', ..] && (response.Key == "204") == (response.Value!["content"] is null);

    /// <summary>Without the constraints of its parameters.</summary>
    private static string PathOf(RouteEndpoint endpoint) => endpoint.RoutePattern.Parameters.Aggregate(
        $"/{endpoint.RoutePattern.RawText!.TrimStart('/')}",
        (path, parameter) =>
        {
            var start = path.IndexOf($"{{{parameter.Name}", StringComparison.Ordinal);
            return $"{path[..start]}{{{parameter.Name}}}{path[(path.IndexOf('}', start) + 1)..]}";
        });

    private static IEnumerable<string> ReferencesIn(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => field.Key == "$ref"
            ? [(string)field.Value!]
            : ReferencesIn(field.Value)),
        JsonArray items => items.SelectMany(ReferencesIn),
        _ => [],
    };

    private bool Exists(string reference) => reference.Split('/')[1..]
        .Aggregate((JsonNode?)services.Json, (node, name) => node?[name]) is not null;
}
