using System.Text.RegularExpressions;
using Kobbopay.Payments.Domain;
using Kobbopay.UnitTests.ClientSamples;

namespace Kobbopay.UnitTests.Domain;

/// <summary>
/// docs/lifecycle.md tells what the lifecycle does, row by row. <c>REWRITE_LIFECYCLE_PAGE=1</c> with this class writes
/// the generated part anew.
/// </summary>
public sealed partial class LifecyclePageTests
{
    private const string Marker = "<!-- generated -->";

    private static readonly string Page = Path.Combine(SampleProcess.Repository, "docs", "lifecycle.md");

    [Fact]
    public void The_pages_table_is_what_the_lifecycle_does()
    {
        var parts = File.ReadAllText(Page).Split(Marker);
        parts.Should().HaveCount(3, "the table stands between two markers");
        var table = $"\n\n{LifecycleTable.Render().ReplaceLineEndings("\n")}";
        if (Environment.GetEnvironmentVariable("REWRITE_LIFECYCLE_PAGE") == "1")
            File.WriteAllText(Page, string.Join(Marker, parts[0], parts[1] = table, parts[2]));

        parts[1].Should().Be(table);
    }

    [Fact]
    public void Every_status_outcome_event_and_decision_is_explained_and_no_other()
    {
        var explained = FirstCell().Matches(File.ReadAllText(Page).Split(Marker)[0])
            .Select(row => row.Groups["cell"].Value).ToList();
        string[] statuses = [.. Enum.GetNames<PaymentStatus>()];
        string[] outcomes = [.. Enum.GetNames<PaymentOutcome>().Select(name => name.ToLowerInvariant())];
        var events = typeof(PaymentEventTypes).GetFields().Select(field => (string)field.GetRawConstantValue()!);

        explained.Should().BeEquivalentTo(
            [.. statuses, .. outcomes, .. events, .. Decisions().Select(it => $"{it.Decision}` `{it.Reason}")]);
    }

    /// <summary>Those of all the table's payments, under every rule of review.</summary>
    private static IEnumerable<Fulfilment> Decisions()
    {
        var payments = LifecycleTable.Rows
            .Select(row => row.Decision).OfType<Decision.Accepted>().Select(accepted => accepted.Payment)
            .Concat(LifecycleTable.States.Select(state => state.Payment)).ToList();
        var tolerated = payments.Where(payment => payment.Status == PaymentStatus.Pending)
            .Select(payment => payment with { Terms = payment.Terms with { Tolerance = 20 } })
            .Select(payment => payment.See(9, Lives.Money(85, block: 1)).Payment);
        return
            from payment in payments.Concat(tolerated)
            from rules in Enumerable.Range(0, 8)
            let reviewed = payment with { Terms = payment.Terms with { Review = (ReviewRules)rules } }
            group reviewed by Fulfilment.Of(reviewed) into same
            select same.Key;
    }

    [GeneratedRegex("^\\| `(?<cell>[^|]*)` \\|", RegexOptions.Multiline, 1000)]
    private static partial Regex FirstCell();
}
