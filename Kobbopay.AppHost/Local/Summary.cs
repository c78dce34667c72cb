using Kobbopay.LocalServers;

namespace Kobbopay.AppHost.Local;

/// <summary>The short screen that a start ends with: what a newcomer needs, and a few lines to paste.</summary>
internal static class Summary
{
    public static string Of(string demoFile)
    {
        var demo = File.ReadAllLines(demoFile).Select(line => line.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var url = demo["KOBBOPAY_URL"];
        var key = $"-H \"x-api-key: {demo["KOBBOPAY_API_KEY"]}\"";
        const string Progress = """grep -o '"status":"[A-Za-z]*"\|"confirmations":[0-9]*' | head -2 | xargs""";
        return $$"""

            Kobbopay is running. Ctrl+C stops it; the next `make run` finds its data again, `make clean` forgets it.

              Gateway         {{url}}
              API key         {{demo["KOBBOPAY_API_KEY"]}}
              Webhook secret  {{demo["KOBBOPAY_WEBHOOK_SECRET"]}}
              Webhooks go to  {{DemoShop.WebhookUrl}}  (samples/receiver-node listens there)
              All of it       . {{demoFile}}

            Create a payment, pay it, watch it get Confirmed; paste into another terminal:

            {{Create(url, key, "example-network", "order-123")}}
            curl -sS -X POST "{{url}}/v1/sandbox/payments/$payment/pay" {{key}}; echo
            for second in $(seq 12); do curl -sS "{{url}}/v1/payments/$payment" {{key}} | {{Progress}}; sleep 1; done
            {{OnChain(demo["KOBBOPAY_EVM_RPC"], url, key)}}
            """;
    }

    private static string OnChain(string node, string url, string key) => node.Length == 0 ? "" : $$"""

        The same on an EVM chain of this machine, {{node}} (chain id {{AnvilSettings.ChainId}}; USDT, USDC, ETH; a block every 2 s):

        {{Create(url, key, "dev-evm", "order-124")}}
        make pay ID=$payment

        """;

    private static string Create(string url, string key, string network, string order)
    {
        var body = $$"""{"amount": 10.5, "currency": "USDT", "network": "{{network}}", "orderId": "{{order}}"}""";
        return $"""payment=$(curl -sS -X POST "{url}/v1/payments" -H "Content-Type: application/json" {key} -d '{body}' | tee /dev/stderr | grep -o 'pay_[0-9a-z]*' | head -1); echo""";
    }
}
