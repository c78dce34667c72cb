using System.Security.Cryptography;
using System.Text;
using Kobbopay.Webhooks.Endpoints;
using Microsoft.Extensions.Configuration;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class EndpointSecretsTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid Endpoint = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);
    private static readonly string Key = new('a', 43);
    private static readonly SecretVault Vault = NewVault("k1");

    [Fact]
    public void Without_a_rotation_there_is_one_secret_and_without_headers_there_are_none()
    {
        var row = new SealedEndpoint(Vault.Seal(Endpoint, "whsec_old"), Next: null, OverlapUntil: null, Headers: null);

        row.Open(Vault, Endpoint, Now).Should().BeEquivalentTo(new EndpointSecrets("whsec_old", NextSecret: null, []));
    }

    [Theory]
    [InlineData(1, "whsec_old", "whsec_new")]
    [InlineData(0, "whsec_new", null)]
    [InlineData(-1, "whsec_new", null)]
    public void An_overlap_that_has_ended_leaves_the_new_secret_alone(int ticksLeft, string secret, string? next)
    {
        var row = new SealedEndpoint(
            Vault.Seal(Endpoint, "whsec_old"), Vault.Seal(Endpoint, "whsec_new"), Now.AddTicks(ticksLeft),
            Headers: null);

        row.Open(Vault, Endpoint, Now).Should().BeEquivalentTo(new EndpointSecrets(secret, next, []));
    }

    [Fact]
    public void An_old_secret_that_no_longer_counts_need_not_open()
    {
        var row = new SealedEndpoint(
            NewVault("k0").Seal(Endpoint, "whsec_old"), Vault.Seal(Endpoint, "whsec_new"), Now, Headers: null);

        row.Open(Vault, Endpoint, Now).Secret.Should().Be("whsec_new");
    }

    [Fact]
    public void Headers_open_as_they_were_in_their_order()
    {
        var headers = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["X-Shop"] = "a \"b\" <c>",
            ["Authorization"] = "Bearer t",
        };
        var row = new SealedEndpoint(
            Vault.Seal(Endpoint, "whsec_old"), null, null, Vault.SealHeaders(Endpoint, headers));

        row.Open(Vault, Endpoint, Now).Headers.Should().Equal(headers);
        Vault.SealHeaders(Endpoint, []).Should().BeNull();
    }

    [Fact]
    public void Headers_do_not_open_as_a_secret_nor_a_secret_as_headers_nor_either_for_another_endpoint()
    {
        var other = Guid.CreateVersion7(DateTimeOffset.MaxValue);
        var secret = Vault.Seal(Endpoint, """{"X-Shop":"a"}""");
        var headers = Vault.SealHeaders(
            Endpoint, new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Shop"] = "a" })!;

        foreach (var open in new Action[]
        {
            () => Vault.Open(Endpoint, headers),
            () => Vault.OpenHeaders(Endpoint, secret),
            () => Vault.OpenHeaders(other, headers),
        })
            open.Should().Throw<CryptographicException>();
    }

    [Fact]
    public void A_secret_that_was_sealed_before_there_were_headers_still_opens()
    {
        var key = HKDF.DeriveKey(
            HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(Key), 32,
            info: "kobbopay webhook endpoint secrets"u8.ToArray());
        using var aes = new AesGcm(key, 16);
        var text = "whsec_old"u8;
        var bytes = new byte[12 + text.Length + 16];
        aes.Encrypt(
            bytes.AsSpan(0, 12), text, bytes.AsSpan(12, text.Length), bytes.AsSpan(12 + text.Length),
            Endpoint.ToByteArray(bigEndian: true));

        Vault.Open(Endpoint, new SealedSecret("k1", bytes)).Should().Be("whsec_old");
    }

    [Fact]
    public void What_is_sealed_again_names_the_current_key_and_opens_to_the_same()
    {
        var before = Vault.Seal(Endpoint, "whsec_old");
        var headersBefore = Vault.SealHeaders(
            Endpoint, new Dictionary<string, string>(StringComparer.Ordinal) { ["X-Shop"] = "a" })!;
        var vault = NewVault("k2", "k1");

        var secret = vault.Reseal(Endpoint, before);
        var headers = vault.ResealHeaders(Endpoint, headersBefore);

        (secret.KeyId, headers.KeyId).Should().Be(("k2", "k2"));
        var alone = NewVault("k2");
        alone.Open(Endpoint, secret).Should().Be("whsec_old");
        alone.OpenHeaders(Endpoint, headers).Should().ContainSingle()
            .Which.Should().Be(KeyValuePair.Create("X-Shop", "a"));
        vault.Reseal(Endpoint, secret).Should().BeSameAs(secret);
        FluentActions.Invoking(() => alone.Reseal(Endpoint, before)).Should().Throw<CryptographicException>();
        FluentActions.Invoking(() => vault.Reseal(Endpoint, headersBefore)).Should().Throw<CryptographicException>();
    }

    /// <summary>k1 has the text that rows of before were sealed with; other keys have texts of their own.</summary>
    private static SecretVault NewVault(string current, params string[] others) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(
            others.Append(current)
                .Select(id => KeyValuePair.Create($"Secrets:Keys:{id}", (string?)(id == "k1" ? Key : id + Key)))
                .Append(new("Secrets:CurrentKey", current))).Build());
}
