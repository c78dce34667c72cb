using System.Numerics;
using Kobbopay.Contracts;
using Kobbopay.Payments.Merchants.Claims;
using Kobbopay.Payments.Rails;
using Kobbopay.Payments.Rails.Evm;
using Kobbopay.ServiceDefaults.Web;
using Kobbopay.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Kobbopay.IntegrationTests.Merchants;

/// <summary>Xpubs are the merchant's to enter and to confirm; here on a network that only wants one.</summary>
public sealed class ClaimXpubTests : MerchantsHouse
{
    private const string Xpub =
        "xpub6Ce9NcJvTk36xtLSrJLZqE7wtgA5deCeYs7rSQtreh4cj6ByPtrg9sD7V2"
        + "FNFLPnf8heNP3FGkeV9qwfzvZNSd54JoNXVsXFYSYwHsnJxqP";

    private const string OtherXpub =
        "xpub6BuRy7ZmkGfP2RWhoor1kWB1w9DvrtmJbFBvnC1bQ4SB5NbCHTyQYCJSXZ"
        + "txDbFyHTmC7wkU2he3nYYdpZ3Vf6qUAkXSnL6RPif4BDtDEKr";

    private static readonly string[] Addresses =
    [
        "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    ];

    private ClaimMaterials _claims = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        var rails = new RailCatalog([.. Host.Services.GetServices<IRail>(), new XpubRail()]);
        _claims = ActivatorUtilities.CreateInstance<ClaimMaterials>(Host.Services, new ClaimedXpubs(rails));
    }

    [Fact]
    public async Task The_addresses_of_an_xpub_are_shown_and_then_confirmed()
    {
        var request = await LinkAsync();

        (await _claims.PreviewAsync(Http, request, Token)).Xpubs.Should().BeEmpty();
        request = request with { Xpubs = Entered(Xpub) };
        var shown = (await _claims.PreviewAsync(Http, request, Token)).Xpubs.Should().ContainSingle().Subject;
        shown.Addresses.Should().Equal(Addresses);
        await RefusedAsync(request, "/addresses/evm-test");
        await RefusedAsync(request with { Addresses = Confirmed([Addresses[1], Addresses[0], Addresses[2]]) },
            "/addresses/evm-test");
        (await Host.CountAsync("xpubs")).Should().Be(0);

        var claimed = await _claims.ClaimAsync(Http, request with { Addresses = Confirmed(Addresses) }, Token);
        claimed.Xpubs.Single().Fingerprint.Should().Be(shown.Fingerprint);
        var account = (await Host.SendAsync(HttpMethod.Get, "/v1/account")).Json["xpubs"]![0]!;
        (account["network"]!.ToString(), account["fingerprint"]!.ToString())
            .Should().Be(("evm-test", shown.Fingerprint));
    }

    [Theory]
    [InlineData("", "required")]
    [InlineData("xpub1", "invalid_format")]
    [InlineData(
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiCh"
        + "kVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi",
        "invalid_format")]
    public async Task What_is_no_xpub_is_refused_and_the_link_stays_good(string entered, string code)
    {
        var request = await LinkAsync();

        var refusal = await RefusedAsync(request with { Xpubs = Entered(entered) }, "/xpubs/evm-test");

        refusal.Errors![0].Code.Should().Be(code);
        if (entered.StartsWith("xprv", StringComparison.Ordinal))
            refusal.Message.Should().Contain("PRIVATE").And.NotContain(entered);
        (await ClaimedAsync(request)).Xpubs.Should().ContainSingle();
    }

    [Fact]
    public async Task A_network_that_wants_none_gets_none()
    {
        var request = await LinkAsync();

        await RefusedAsync(
            request with { Xpubs = new Dictionary<string, string?> { ["example-network"] = Xpub } },
            "/xpubs/example-network", "/xpubs/evm-test");
    }

    [Fact]
    public async Task An_xpub_of_another_merchant_or_environment_is_refused()
    {
        await ClaimedAsync(await LinkAsync());
        var stranger = await Host.AddMerchantAsync();

        foreach (var (merchant, environment) in new[]
        {
            (stranger.MerchantId, "test"), (Host.Merchant.MerchantId, "live"),
        })
        {
            await Host.ExecuteAsync("update merchants set waived_at = now(), waived_by = 'o', waiver_reason = 'r'");
            var request = await LinkAsync(merchant, environment);
            var refusal = await RefusedAsync(
                request with { Xpubs = Entered(Xpub), Addresses = Confirmed(Addresses) }, "/xpubs/evm-test");
            refusal.Errors![0].Code.Should().Be("conflict");
        }

        (await Host.CountAsync("merchant_xpubs")).Should().Be(1);
    }

    [Fact]
    public async Task An_xpub_changes_with_merchant_and_operator_together_audited_and_announced()
    {
        var first = await ClaimedAsync(await LinkAsync());
        var keys = await Host.CountAsync("api_keys");

        var request = (await LinkAsync(kind: "xpub")) with { Xpubs = Entered(OtherXpub) };
        var addresses = (await _claims.PreviewAsync(Http, request, Token)).Xpubs.Single().Addresses;
        var changed = await _claims.ClaimAsync(Http, request with { Addresses = Confirmed([.. addresses]) }, Token);

        (changed.ApiKey, changed.WebhookEndpoint).Should().Be((null, null));
        (await Host.CountAsync("api_keys")).Should().Be(keys);
        var told = await Eventually.GetAsync(
            async () => (await Host.SendAsync(HttpMethod.Get, "/v1/events")).Json["data"]!.AsArray(),
            events => events.Count > 0);
        told.Single()!["type"]!.ToString().Should().Be("account.xpub_changed");
        told.Single()!["data"]!["xpubs"]!.ToJsonString().Should().Be(OneLine($$"""
            [{
              "network": "evm-test", "previous": "{{first.Xpubs.Single().Fingerprint}}",
              "fingerprint": "{{changed.Xpubs.Single().Fingerprint}}"
            }]
            """));
        (await ActionsAsync()).Should().Equal("claim.issued", "claim.claimed", "claim.issued", "claim.claimed");
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static HttpContext Http => new DefaultHttpContext();

    private static Dictionary<string, string?> Entered(string xpub) => new() { ["evm-test"] = xpub };

    private static Dictionary<string, IReadOnlyList<string?>?> Confirmed(string[] addresses) =>
        new() { ["evm-test"] = addresses };

    private Task<ClaimedMaterials> ClaimedAsync(ClaimRequest request) => _claims.ClaimAsync(
        Http, request with { Xpubs = Entered(Xpub), Addresses = Confirmed(Addresses) }, Token);

    private async Task<ProblemException> RefusedAsync(ClaimRequest request, params string[] pointers)
    {
        var claim = () => _claims.ClaimAsync(Http, request, Token);
        var refusal = (await claim.Should().ThrowAsync<ProblemException>()).Which;
        refusal.Errors!.Select(error => error.Pointer).Should().Equal(pointers);
        return refusal;
    }

    private async Task<ClaimRequest> LinkAsync(
        Guid? merchantId = null, string environment = "test", string kind = "materials")
    {
        await Host.ExecuteAsync(
            """
            update merchant_settings
            set version = version + 1, rails = '[{"network":"evm-test","currency":"USDT","enabled":true}]'
            """);
        var merchant = Id.Format(Id.Merchant, merchantId ?? Host.Merchant.MerchantId);
        var answer = await PostAsync(
            $"/v1/operator/merchants/{merchant}/claims",
            $$"""{"environment":"{{environment}}","kind":"{{kind}}"}""");
        var (token, code) = Opening(answer.Json);
        return new ClaimRequest(token, code, Xpubs: null, Addresses: null, WebhookUrl: null);
    }

    private sealed class XpubRail : IRail
    {
        public string Network => "evm-test";

        public string NetworkName => "EVM Test";

        public string Kind => "evm";

        public long? ChainId => 1;

        public bool Experimental => false;

        public string Environment => MerchantEnvironments.Test;

        public bool HasSandboxClock => false;

        public bool NeedsXpub => true;

        public IReadOnlyList<RailAsset> Assets { get; } =
            [new("USDT", "0x1", 6, BigInteger.One, BigInteger.Pow(10, 12), 12, [])];

        public string AddressOf(ExtendedPublicKey xpub, long index) => xpub.AddressAt(index);

        public string ChainOf(Guid merchantId, string environment) => Network;

        public string AddressSeriesOf(Payee payee) => Network;

        public DepositAddress AddressAt(Payee payee, long index) =>
            throw new NotSupportedException();

        public string PaymentUri(RailAsset asset, string address, BigInteger amount) => address;

        public string? ExplorerUrl(string txHash) => null;

        public Task<IReadOnlyList<string>> ChainsWithNewsAsync(int limit, CancellationToken cancellation) =>
            Task.FromResult<IReadOnlyList<string>>([]);

        public Task<ChainSlice> ReadAsync(
            string chain, long fromBlock, int limit, CancellationToken cancellation) =>
            throw new NotSupportedException();
    }
}
