using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Kobbopay.Client;

namespace Kobbopay.UnitTests.Sdk;

/// <summary>
/// docs/openapi.json against the client: a route, parameter or field that one has and the other has not is found.
/// </summary>
public sealed class DescriptionCoverageTests
{
    // Fields that the client has by other means: the action of a resolution is its method, a test is of one type.
    private static readonly string[] NotAsked = ["POST /v1/webhook-endpoints/{id}/test type"];

    private static readonly NullabilityInfoContext Nullability = new();

    [Fact]
    public async Task Every_route_of_a_merchant_or_payer_has_a_method_and_every_method_has_a_route()
    {
        var calls = await CallsAsync();

        var routes = DescribedRoute.All();
        routes.Should().HaveCountGreaterThan(40);
        routes.Where(route => !calls.Any(call => route.Fits(call.Request))).Select(route => route.ToString())
            .Should().BeEmpty("each of them has a method");
        calls.Where(call => !routes.Any(route => route.Fits(call.Request))).Select(call => call.Method.Name)
            .Should().BeEmpty("each of them has a route");
    }

    [Fact]
    public async Task Every_query_parameter_and_field_of_a_body_can_be_given_and_no_other()
    {
        var calls = await CallsAsync();
        var wrong = new List<string>();
        foreach (var route in DescribedRoute.All())
        {
            var own = calls.Where(call => route.Fits(call.Request)).ToList();
            var query = own.SelectMany(call => call.QueryNames).ToHashSet();
            var body = own.SelectMany(call => call.BodyNames).ToHashSet();
            query.SymmetricExceptWith(route.QueryNames);
            body.SymmetricExceptWith(route.BodyNames);
            wrong.AddRange(query.Union(body).Select(name => $"{route} {name}"));
        }

        wrong.Should().BeEquivalentTo(NotAsked);
    }

    [Fact]
    public async Task Every_field_of_an_answer_is_told_and_what_may_be_missing_is_nullable()
    {
        var calls = await CallsAsync();
        var wrong = new SortedSet<string>(StringComparer.Ordinal);
        var compared = 0;
        foreach (var route in DescribedRoute.All().Where(route => route.Answer is not null))
        {
            var answer = calls.First(call => route.Fits(call.Request)).Answer;
            if (answer == typeof(EventPage) || answer == typeof(KobbopayEvent))
                continue;
            // A list that is no page is told as its entries.
            var (schema, type) = answer.IsGenericType && answer.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)
                ? (route.PropertiesOf(route.Answer).Single().Schema, answer)
                : (route.Answer!, answer);
            compared += Compare(route, schema, type, route.ToString(), wrong);
        }

        wrong.Should().BeEmpty();
        compared.Should().BeGreaterThan(200);
    }

    /// <summary>Calls each method once, with everything that it takes.</summary>
    private static async Task<List<Call>> CallsAsync()
    {
        var calls = new List<Call>();
        foreach (var group in typeof(KobbopayClient).GetProperties())
        {
            var methods = group.PropertyType.GetMethods(
                BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
            // Those that give everything call those that give a page.
            foreach (var method in methods.Where(one => one.Name == "FollowAsync" || IsTask(one)))
            {
                using var server = new ScriptedKobbopay();
                server.Refuses(400, "invalid_request");
                var arguments = method.GetParameters().Select(one => Value(one.ParameterType)).ToArray();
                var given = method.Invoke(group.GetValue(server.Client), arguments)!;
                var task = given as Task
                    ?? ((IAsyncEnumerable<object>)given).FirstAsync(TestContext.Current.CancellationToken).AsTask();
                await task.Awaiting(t => t).Should().ThrowAsync<KobbopayProblemException>();
                calls.Add(new Call(method, server.Requests.Single()));
            }
        }

        return calls;
    }

    private static bool IsTask(MethodInfo method) => typeof(Task).IsAssignableFrom(method.ReturnType);

    /// <returns>How many fields were compared.</returns>
    private static int Compare(
        DescribedRoute route, JsonObject schema, Type type, string where, SortedSet<string> wrong)
    {
        schema = route.Resolve(schema);
        if (schema["items"] is JsonObject items)
            return Compare(route, items, type.GetGenericArguments()[0], where, wrong);
        var properties = type.GetProperties().ToDictionary(NameOf, StringComparer.Ordinal);
        var compared = 0;
        foreach (var (name, property, mayBeMissing) in route.PropertiesOf(schema))
        {
            compared++;
            if (!properties.TryGetValue(name, out var own))
            {
                wrong.Add($"{where}: {type.Name} has no {name}");
                continue;
            }

            // A yes or no that is missing is a no.
            if (mayBeMissing && own.PropertyType != typeof(bool) && !IsNullable(own))
                wrong.Add($"{where}: {type.Name}.{own.Name} may be missing");
            if (own.PropertyType != typeof(JsonElement) && route.PropertiesOf(ItemOf(route, property)).Any())
                compared += Compare(route, property, own.PropertyType, $"{where} {name}", wrong);
        }

        return compared;
    }

    private static JsonObject ItemOf(DescribedRoute route, JsonObject schema) =>
        route.Resolve(schema)["items"] as JsonObject ?? schema;

    private static bool IsNullable(PropertyInfo property) =>
        Nullable.GetUnderlyingType(property.PropertyType) is not null
        || Nullability.Create(property).ReadState == NullabilityState.Nullable;

    private static string NameOf(PropertyInfo property) =>
        property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
        ?? JsonNamingPolicy.CamelCase.ConvertName(property.Name);

    private static object? Value(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(CancellationToken))
            return TestContext.Current.CancellationToken;
        if (type == typeof(string))
            return "text";
        if (type == typeof(bool))
            return true;
        if (type == typeof(int))
            return 1;
        if (type == typeof(long))
            return 1L;
        if (type == typeof(Amount))
            return (Amount)1;
        if (type == typeof(DateTimeOffset))
            return DateTimeOffset.UnixEpoch;
        if (type == typeof(IReadOnlyDictionary<string, string>))
            return new Dictionary<string, string> { ["key"] = "value" };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
            return ListOf(type.GetGenericArguments()[0]);
        var filled = Activator.CreateInstance(type)!;
        var own = type.GetProperties().Where(one => !one.Name.StartsWith("Remove", StringComparison.Ordinal));
        foreach (var property in own)
            property.SetValue(filled, Value(property.PropertyType));
        return filled;
    }

    private static IList ListOf(Type type)
    {
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(type))!;
        list.Add(Value(type));
        return list;
    }

    private sealed record Call(MethodInfo Method, SentRequest Request)
    {
        /// <summary>What the method gives, without what it is wrapped in.</summary>
        public Type Answer => Method.ReturnType.GetGenericArguments() switch
        {
            [{ IsGenericType: true } result] when result.GetGenericTypeDefinition() == typeof(KobbopayResult<>) =>
                result.GetGenericArguments()[0],
            [var result] => result,
            _ => typeof(void),
        };

        public IEnumerable<string> QueryNames => Request.Query.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => Uri.UnescapeDataString(pair.Split('=')[0]).Split('[')[0]);

        public IEnumerable<string> BodyNames => Request.Body is null
            ? []
            : JsonNode.Parse(Request.Body)!.AsObject().Select(one => one.Key);
    }
}
