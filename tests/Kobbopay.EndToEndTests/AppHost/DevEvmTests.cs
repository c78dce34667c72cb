using System.Net.Http.Json;
using System.Text.Json;
using Kobbopay.EndToEndTests.MainJob;
using Kobbopay.Testing;

namespace Kobbopay.EndToEndTests.AppHost;

/// <summary>The EVM chain that <c>make run</c> brings, and <c>make pay</c>.</summary>
public sealed class DevEvmTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_payment_on_the_local_chain_is_paid_by_make_pay_and_both_outlive_a_restart()
    {
        await using var first = await RunningKobbopay.StartAsync();
        var token = await CreateAsync(first, "10.5", "USDT");
        (await PayAsync(first, token, "3")).Should().Contain(line => line.StartsWith("Sent 3 USDT to 0x"));
        await Eventually.GetAsync(
            () => ReadAsync(first, token),
            payment => payment.GetProperty("amountReceived").GetString() == "3",
            Patience);
        (await PayAsync(first, token)).Should().Contain(line => line.StartsWith("Sent 7.5 USDT to 0x"));
        var confirmed = await ConfirmedAsync(first, token);
        (await PayAsync(first, token)).Should().Equal(
            "Nothing is due, the payment is Confirmed; AMOUNT=1.5 pays that much all the same.");

        await first.StopAsync();
        await using var second = await RunningKobbopay.StartAsync(first.Folder);

        var coins = await CreateAsync(second, "1.000000000000000001", "ETH");
        await PayAsync(second, coins);
        await ConfirmedAsync(second, coins);
        // The chain goes on from the same blocks: else the transfer would have left it by now.
        var still = await ReadAsync(second, token);
        still.GetProperty("transfers")[0].GetProperty("blockHash").GetString().Should()
            .Be(confirmed.GetProperty("transfers")[0].GetProperty("blockHash").GetString());
        still.GetProperty("amountConfirmed").GetString().Should().Be("10.5");
    }

    private static async Task<string> CreateAsync(RunningKobbopay kobbopay, string amount, string currency)
    {
        using var merchant = kobbopay.Merchant();
        // The network is open once its chain is being followed.
        return await Eventually.GetAsync(
            async () =>
            {
                using var response = await merchant.PostAsJsonAsync(
                    new Uri("/v1/payments", UriKind.Relative),
                    new { amount, currency, network = "dev-evm", orderId = $"order-{currency}" },
                    Token);
                response.EnsureSuccessStatusCode();
                var payment = await response.Content.ReadFromJsonAsync<JsonElement>(Token);
                return payment.GetProperty("payment_id").GetString()!;
            },
            id => id.StartsWith("pay_", StringComparison.Ordinal),
            Patience);
    }

    private static async Task<IReadOnlyList<string>> PayAsync(
        RunningKobbopay kobbopay, string payment, string amount = "")
    {
        await using var pay = await ShellExamples.StartAsync(
            kobbopay, "env", $"KOBBOPAY_FOLDER={kobbopay.Folder}",
            "node", Checkout.PathOf("scripts/pay.mjs"), payment, amount);
        await pay.Process.Exited.WaitAsync(Patience, Token);
        return pay.Lines;
    }

    private static Task<JsonElement> ConfirmedAsync(RunningKobbopay kobbopay, string payment) => Eventually.GetAsync(
        () => ReadAsync(kobbopay, payment),
        read => read.GetProperty("status").GetString() == "Confirmed",
        Patience);

    private static async Task<JsonElement> ReadAsync(RunningKobbopay kobbopay, string payment)
    {
        using var merchant = kobbopay.Merchant();
        return await merchant.GetFromJsonAsync<JsonElement>(
            new Uri($"/v1/payments/{payment}", UriKind.Relative), Token);
    }
}
