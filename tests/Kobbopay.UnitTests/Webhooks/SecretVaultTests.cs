using System.Security.Cryptography;
using Kobbopay.Webhooks.Endpoints;
using Microsoft.Extensions.Configuration;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class SecretVaultTests
{
    private static readonly Guid Endpoint = Guid.CreateVersion7(DateTimeOffset.UnixEpoch);
    private static readonly string Old = new('a', 43);
    private static readonly string New = new('b', 43);

    [Fact]
    public void A_secret_opens_for_its_own_endpoint_and_no_other()
    {
        var vault = Vault("k1", ("k1", Old));
        var secret = vault.Seal(Endpoint, "whsec_text");

        vault.Open(Endpoint, secret).Should().Be("whsec_text");
        FluentActions.Invoking(() => vault.Open(Guid.CreateVersion7(DateTimeOffset.MaxValue), secret))
            .Should().Throw<CryptographicException>();
    }

    [Fact]
    public void A_changed_byte_anywhere_keeps_it_shut()
    {
        var vault = Vault("k1", ("k1", Old));
        var secret = vault.Seal(Endpoint, "whsec_text");

        for (var i = 0; i < secret.Bytes.Length; i++)
        {
            var changed = secret.Bytes.ToArray();
            changed[i] ^= 1;
            FluentActions.Invoking(() => vault.Open(Endpoint, secret with { Bytes = changed }))
                .Should().Throw<CryptographicException>();
        }
    }

    [Fact]
    public void A_new_key_seals_what_is_new_while_the_old_one_still_opens()
    {
        var before = Vault("k1", ("k1", Old)).Seal(Endpoint, "whsec_text");
        var vault = Vault("k2", ("k1", Old), ("k2", New));

        vault.Open(Endpoint, before).Should().Be("whsec_text");
        vault.Seal(Endpoint, "whsec_text").KeyId.Should().Be("k2");
        FluentActions.Invoking(() => Vault("k2", ("k2", New)).Open(Endpoint, before))
            .Should().Throw<CryptographicException>();
    }

    [Fact]
    public void The_same_secret_is_never_sealed_to_the_same_bytes()
    {
        var vault = Vault("k1", ("k1", Old));

        vault.Seal(Endpoint, "whsec_text").Bytes.Should().NotEqual(vault.Seal(Endpoint, "whsec_text").Bytes);
    }

    [Fact]
    public void A_ring_without_its_current_key_or_with_a_short_one_fails_at_start()
    {
        FluentActions.Invoking(() => Vault("k2", ("k1", Old))).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => Vault("k1", ("k1", Old[1..]))).Should().Throw<InvalidOperationException>();
        FluentActions.Invoking(() => Vault(null, ("k1", Old))).Should().Throw<InvalidOperationException>();
    }

    private static SecretVault Vault(string? current, params (string Id, string Text)[] keys) =>
        new(new ConfigurationBuilder().AddInMemoryCollection(
            keys.Select(key => KeyValuePair.Create($"Secrets:Keys:{key.Id}", (string?)key.Text))
                .Append(new("Secrets:CurrentKey", current))).Build());
}
