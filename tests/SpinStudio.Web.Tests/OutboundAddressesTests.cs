using System.Net;
using Microsoft.Extensions.Options;
using SpinStudio.Engine;
using SpinStudio.Web.Security;

namespace SpinStudio.Web.Tests;

public sealed class OutboundAddressesTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("0.0.0.0")]
    [InlineData("10.1.2.3")]
    [InlineData("172.16.0.1")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("100.127.255.255")]
    [InlineData("192.0.0.170")]
    [InlineData("198.18.0.1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::ffff:8.8.8.8")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("64:ff9b:1::1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("2001:0:7f00:1::")]
    [InlineData("2001:db8::1")]
    [InlineData("fe80::1")]
    [InlineData("fec0::1")]
    [InlineData("fc00::1")]
    [InlineData("fd12:3456::1")]
    [InlineData("ff02::1")]
    public void Addresses_that_only_some_can_reach_are_not_public(string address) => Assert.False(OutboundAddresses.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("172.15.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("2606:4700::1111")]
    [InlineData("2a00:1450:4001::1")]
    public void Others_are(string address) => Assert.True(OutboundAddresses.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("http://127.0.0.1/x")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0x7f.1/")]
    [InlineData("http://017700000001/")]
    [InlineData("http://[::1]:80/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://localhost/")]
    [InlineData("http://LOCALHOST./")]
    [InlineData("http://db.internal/")]
    [InlineData("http://printer.local/")]
    [InlineData("https://user:secret@example.com/")]
    [InlineData("https://example.com@127.0.0.1/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://example.com/x")]
    [InlineData("gopher://example.com/")]
    [InlineData("//example.com/x")]
    [InlineData("not an address")]
    [InlineData("")]
    public void What_leads_inside_is_refused_before_anything_is_sent(string address)
    {
        using var outbound = Make();
        Assert.Throws<BadInputException>(() => outbound.Check(address));
    }

    [Fact]
    public async Task A_name_that_resolves_to_this_machine_is_refused_when_it_is_connected_to()
    {
        using var outbound = Make();
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => outbound.Http.GetAsync(new Uri($"http://{Dns.GetHostName()}:9/")));
        Assert.IsType<BadInputException>(refused.GetBaseException());
    }

    [Fact]
    public void An_administrator_may_allow_a_host_and_a_port()
    {
        using var outbound = Make("mirror.lan; 127.0.0.1:8080");
        Assert.Equal(8080, outbound.Check("http://127.0.0.1:8080/file").Port);
        Assert.True(outbound.MayConnect(new Uri("https://mirror.lan/x")));
        Assert.Throws<BadInputException>(() => outbound.Check("http://127.0.0.1:8081/file"));
    }

    private static OutboundAddresses Make(string? allowed = null) => new(Options.Create(new StudioOptions { AllowedHosts = allowed, HubEndpoint = "https://hub.example.com" }));
}
