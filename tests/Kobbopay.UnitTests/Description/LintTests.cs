using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Kobbopay.UnitTests.Description;

/// <summary>
/// docs/openapi.json before Spectral, a linter of OpenAPI documents, with its own rules. It holds examples against
/// their schemas, too.
/// </summary>
public sealed class LintTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string Folder = Path.Combine(RepositoryTests.Root, "tests", "openapi-lint");
    private static readonly string Page = Path.Combine(RepositoryTests.Root, "docs", "openapi.json");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_standard_linter_finds_no_error_and_no_warning()
    {
        (await LintAsync(Page)).Should().BeEmpty();
    }

    [Fact]
    public async Task The_linter_sees_examples_that_are_none_of_their_schema_and_operations_without_a_word()
    {
        var document = JsonNode.Parse(await File.ReadAllTextAsync(Page, Token))!;
        var create = document["paths"]!["/v1/payments"]!["post"]!;
        create["responses"]!["201"]!["content"]!["application/json"]!["example"]!["payment_id"] = 7;
        create["requestBody"]!["content"]!["application/json"]!["example"]!.AsObject().Add("unknown", "x");
        document["webhooks"]!["payment.paid"]!["post"]!["requestBody"]!["content"]!["application/json"]!["example"]!
            ["type"] = "payment.created";
        document["components"]!["examples"]!["not_found"]!["value"]!.AsObject().Remove("code");
        document["paths"]!["/v1/rails"]!["get"]!.AsObject().Remove("description");
        var path = Path.Combine(Path.GetTempPath(), $"{Path.GetRandomFileName()}.json");
        await File.WriteAllTextAsync(path, document.ToJsonString(), Token);

        var found = await LintAsync(path);
        File.Delete(path);

        foreach (var place in new[]
        {
            "oas3-valid-media-example paths./v1/payments.post.responses.201",
            "oas3-valid-media-example paths./v1/payments.post.requestBody",
            "oas3-valid-media-example webhooks.payment.paid.post.requestBody",
            "operation-description paths./v1/rails.get",
        })
        {
            found.Should().Contain(finding => finding.StartsWith(place, StringComparison.Ordinal), place);
        }

        found.Should().Contain(finding => finding.Contains("not_found", StringComparison.Ordinal));
    }

    /// <summary>Rule, place and message of each finding.</summary>
    private static async Task<IReadOnlyList<string>> LintAsync(string document)
    {
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limited.CancelAfter(Patience);
        var program = Path.Combine(Folder, "node_modules", "@stoplight", "spectral-cli", "dist", "index.js");
        File.Exists(program).Should().BeTrue("scripts/install.sh openapi-lint brings the linter");
        using var process = Process.Start(new ProcessStartInfo(
            "node", [program, "lint", document, "--format", "json", "--quiet", "--fail-severity", "hint"])
        {
            WorkingDirectory = Folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var said = process.StandardOutput.ReadToEndAsync(limited.Token);
        var complaint = await process.StandardError.ReadToEndAsync(limited.Token);
        await process.WaitForExitAsync(limited.Token);
        process.ExitCode.Should().BeOneOf([0, 1], complaint);
        return [.. JsonNode.Parse(await said)!.AsArray().Select(finding =>
            $"{finding!["code"]} {string.Join('.', finding["path"]!.AsArray())}: {finding["message"]}")];
    }
}
