using Kobbopay.EndToEndTests.AppHost;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.MainJob;

/// <summary>samples/merchant-csharp/README.md as it stands there, on the running system.</summary>
public sealed class MerchantSampleTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>What <c>dotnet run</c> would build is built; it runs here with this run's port.</summary>
    private static readonly string Before = $$"""
        dotnet() {
          test "$1 $2 $3" = "run --project samples/merchant-csharp" || { command dotnet "$@"; return; }
          shift 3
          if [ "${1:-}" = -- ]; then shift; fi
          command dotnet {{Checkout.Built("Kobbopay.Samples.Merchant", "Kobbopay.Samples.Merchant.dll")}} "$@"
        }
        """;

    [Fact]
    public async Task The_shop_sells_is_paid_ships_and_reconciles_as_its_page_says()
    {
        await using var kobbopay = await RunningKobbopay.StartAsync();
        var blocks = ShellExamples.BlocksOf(ShellExamples.Page("samples/merchant-csharp/README.md"))
            .Select(block => $"{Before}\n{block.Replace("9000", $"{kobbopay.WebhookPort}", StringComparison.Ordinal)}")
            .ToArray();
        blocks.Should().HaveCount(2);

        await using var shop = await ShellExamples.StartAsync(kobbopay, "bash", "-eu", "-c", blocks[0]);
        await Eventually.TrueAsync(
            () => shop.Lines.Any(line => line.Contains("Now listening on", StringComparison.Ordinal)));
        await using var customer = await ShellExamples.StartAsync(kobbopay, "bash", "-eu", "-c", blocks[1]);
        var exit = await customer.Process.Exited.WaitAsync(Patience, TestContext.Current.CancellationToken);

        exit.Code.Should().Be(0, exit.Tail);
        customer.Lines[^1].Should().EndWith("1 payments, 10.5 USDT: the books agree");
        shop.Lines.Should().ContainSingle(line => line.Contains(" ship ", StringComparison.Ordinal));
    }
}
