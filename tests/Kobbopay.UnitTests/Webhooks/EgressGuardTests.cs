using System.Net;
using Kobbopay.Webhooks.Deliveries;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Kobbopay.UnitTests.Webhooks;

public sealed class EgressGuardTests
{
    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("93.184.216.34")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("100.128.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2606:4700:4700::1111")]
    [InlineData("2a00:1450:4001:830::200e")]
    [InlineData("::ffff:1.1.1.1")]
    public void A_public_address_is_allowed(string address) =>
        Guard().Allows(IPAddress.Parse(address), "live").Should().BeTrue();

    [Theory]
    [InlineData("0.0.0.0")]
    [InlineData("0.1.2.3")]
    [InlineData("10.0.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("100.64.0.1")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.1")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.0.0.192")]
    [InlineData("192.0.2.1")]
    [InlineData("192.88.99.1")]
    [InlineData("192.168.1.1")]
    [InlineData("198.18.0.1")]
    [InlineData("198.51.100.1")]
    [InlineData("203.0.113.1")]
    [InlineData("224.0.0.1")]
    [InlineData("239.255.255.255")]
    [InlineData("240.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::127.0.0.1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:10.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("64:ff9b::101:101")]
    [InlineData("::1.1.1.1")]
    [InlineData("::ffff:0:1.1.1.1")]
    [InlineData("2001:0:101:101::fefe:fefe")]
    [InlineData("2002:101:101::1")]
    [InlineData("2a00:1450:4001:830:0:5efe:7f00:1")]
    [InlineData("2a00:1450:4001:830:200:5efe:101:101")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("2001::7f00:1")]
    [InlineData("2001:db8::1")]
    [InlineData("3fff::1")]
    [InlineData("100::1")]
    [InlineData("5f00::1")]
    [InlineData("fc00::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("fec0::1")]
    [InlineData("ff02::1")]
    public void An_address_inside_or_without_an_owner_is_refused_in_both_environments(string address)
    {
        Guard().Allows(IPAddress.Parse(address), "live").Should().BeFalse();
        Guard().Allows(IPAddress.Parse(address), "test").Should().BeFalse();
    }

    [Fact]
    public void An_allowance_opens_its_network_for_test_endpoints_alone()
    {
        var guard = Guard("Development", "127.0.0.0/8", "fc00::/7");

        guard.Allows(IPAddress.Parse("127.0.0.1"), "test").Should().BeTrue();
        guard.Allows(IPAddress.Parse("::ffff:127.0.0.1"), "test").Should().BeTrue();
        guard.Allows(IPAddress.Parse("fd12::1"), "test").Should().BeTrue();
        guard.Allows(IPAddress.Parse("127.0.0.1"), "live").Should().BeFalse();
        guard.Allows(IPAddress.Parse("10.0.0.1"), "test").Should().BeFalse();
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.1.1")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::169.254.169.254")]
    [InlineData("::ffff:0:169.254.169.254")]
    [InlineData("64:ff9b::169.254.169.254")]
    [InlineData("64:ff9b:1:a9fe:a9:fe00::")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("2001:0:101:101::5601:5601")]
    [InlineData("fd12:0:0:1:0:5efe:a9fe:a9fe")]
    [InlineData("fe80::5efe:a9fe:a9fe")]
    public void No_allowance_reaches_link_local_or_metadata(string address) =>
        Guard("Development", "0.0.0.0/0", "::/0").Allows(IPAddress.Parse(address), "test").Should().BeFalse();

    [Fact]
    public void An_allowance_of_everything_reaches_what_is_neither() =>
        new[] { "::1", "127.0.0.1", "10.0.0.1", "fd12::1" }.Should().OnlyContain(address =>
            Guard("Development", "0.0.0.0/0", "::/0").Allows(IPAddress.Parse(address), "test"));

    [Fact]
    public void A_start_in_production_with_an_allowance_fails() =>
        FluentActions.Invoking(() => Guard("Production", "10.0.0.0/8")).Should().Throw<InvalidOperationException>();

    [Theory]
    [InlineData("localhost")]
    [InlineData("10.0.0.0/33")]
    [InlineData("")]
    public void An_allowance_that_is_not_a_network_fails(string cidr) =>
        FluentActions.Invoking(() => Guard("Development", cidr)).Should().Throw<InvalidOperationException>();

    private static EgressGuard Guard(string environment = "Production", params string[] cidrs) => new(
        new ConfigurationBuilder().AddInMemoryCollection(
            cidrs.Select((cidr, i) => KeyValuePair.Create($"Egress:AllowedCidrs:{i}", (string?)cidr))).Build(),
        Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = environment })
            .Environment);
}
