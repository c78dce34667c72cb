using System.Reflection;
using Kobbopay.Cli.Running;
using Kobbopay.Client;
using Kobbopay.UnitTests.Sdk;

namespace Kobbopay.UnitTests.Cli;

/// <summary>Each failure says what happened, and what to do next.</summary>
public sealed class NextStepTests
{
    private static readonly Uri Url = new("https://api.example.com");

    [Fact]
    public void Every_problem_code_has_a_next_step()
    {
        foreach (var code in Codes())
            NextSteps.Of(code).Should().NotBeNullOrWhiteSpace(code).And.EndWith(".", "it is a sentence, " + code);
    }

    [Theory]
    [InlineData(401, "invalid_api_key", ExitCodes.NoAccess)]
    [InlineData(401, "authentication_required", ExitCodes.NoAccess)]
    [InlineData(403, "insufficient_scope", ExitCodes.NoAccess)]
    [InlineData(403, "address_not_allowed", ExitCodes.NoAccess)]
    [InlineData(403, "wrong_environment", ExitCodes.Refused)]
    [InlineData(404, "not_found", ExitCodes.Refused)]
    [InlineData(409, "order_already_paid", ExitCodes.Refused)]
    [InlineData(422, "invalid_request", ExitCodes.Refused)]
    [InlineData(429, "rate_limited", ExitCodes.Unavailable)]
    [InlineData(500, "internal_error", ExitCodes.Unavailable)]
    [InlineData(503, "authentication_unavailable", ExitCodes.Unavailable)]
    public async Task Scripts_branch_on_the_exit_code(int status, string code, int exit)
    {
        var failure = Failures.Of(await ProblemAsync(status, code), Url);

        failure.ExitCode.Should().Be(exit);
        failure.Should().BeEquivalentTo(new { Error = "Detail", Code = code, RequestId = "req_1" });
        failure.Next.Should().NotBeNullOrWhiteSpace();
    }

    [Fact]
    public async Task A_code_that_came_later_is_looked_up_in_the_documentation()
    {
        var failure = Failures.Of(await ProblemAsync(409, "moon_is_full"), Url);

        failure.Next.Should().Be("read https://api.example.com/docs/errors#moon-is-full");
    }

    [Fact]
    public async Task The_payment_in_the_way_and_the_fields_at_fault_are_named()
    {
        const string More = """
            ,"errors":[{"pointer":"/amount","code":"out_of_range","message":"Too little."}],"payment_id":"pay_1"
            """;
        var failure = Failures.Of(await ProblemAsync(409, "order_already_paid", More), Url);

        failure.Details.Should().Contain("/amount: Too little.").And.Contain("payment: pay_1");
    }

    [Theory]
    [MemberData(nameof(Causes))]
    public void Whatever_fails_has_a_next_step_and_no_stack(Exception cause, int exit)
    {
        using var output = new StringWriter();
        using var home = new TestTerminal();
        var failure = Failures.Of(cause, Url);

        Failures.Write(failure, home.Terminal with { Error = output }, isJson: false);

        failure.ExitCode.Should().Be(exit);
        output.ToString().Should().Contain("Next: ").And.NotContain("   at ");
    }

    public static TheoryData<Exception, int> Causes() => new()
    {
        { new HttpRequestException("Connection refused"), ExitCodes.Unavailable },
        { new TaskCanceledException("Slow.", new TimeoutException()), ExitCodes.Unavailable },
        { new OperationCanceledException(), ExitCodes.Interrupted },
        { new FileNotFoundException("There is no such file."), ExitCodes.Refused },
        { new UnauthorizedAccessException("Access is denied."), ExitCodes.Refused },
        { new FormatException("No."), ExitCodes.Usage },
        { new InvalidOperationException("Never thought of."), ExitCodes.Refused },
    };

    [Fact]
    public void Secrets_in_an_error_are_cut_out()
    {
        Redaction.Of("x-api-key kp_live_0123456789abcdef, whsec_AAAAAAAAAAAAAAAA/+= and pay_0123456789")
            .Should().Be("x-api-key kp_live_..., whsec_... and pay_0123456789");
        Redaction.Printable("a\u001b[31m\r\nb").Should().Be("a [31m  b");
    }

    private static IEnumerable<string> Codes() => typeof(KobbopayProblemCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!);

    private static async Task<KobbopayProblemException> ProblemAsync(int status, string code, string more = "")
    {
        using var other = new ScriptedKobbopay();
        other.Refuses(status, code, more: more);
        var call = () => other.Client.Account.GetAsync(TestContext.Current.CancellationToken);
        return (await call.Should().ThrowAsync<KobbopayProblemException>()).Which;
    }
}
