using System.Net;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Orleans.Runtime;

namespace Forge.WebApi.Tests.Identity;

/// <summary>In whose name a web node's grain calls are signed.</summary>
public sealed class NodeActorsTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 4, 10, 0, 0, TimeSpan.Zero);
    private static readonly string Ana = new('a', 32);
    private readonly FakeTimeProvider _time = new(Start);

    [Fact]
    public async Task Current_InARequestOfAPerson_SaysWhoWithWhatRightsAndHowTheySignedIn()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        node.Cluster.Principals[Ana] = new Principal(Ana, true, [Roles.SeniorAdmin, Roles.Auditor], 7);
        Request(node, Session());

        var actor = await ReadAsync(node);

        Assert.Equal(("user:" + Ana, "s1", 7L, Start.AddMinutes(-2), "192.0.2.9"), (actor.Name, actor.Session, actor.Epoch, actor.AuthAt, actor.Address));
        Assert.Equal([Roles.SeniorAdmin, Roles.Auditor], actor.Roles);
        Assert.Equal(["pwd", "otp"], actor.Methods);
        Assert.False(string.IsNullOrEmpty(actor.RequestId));
        Assert.Null(actor.StepUp);
    }

    [Fact]
    public async Task Current_OfADisabledPerson_HasNoRole()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        node.Cluster.Principals[Ana] = new Principal(Ana, false, [Roles.SeniorAdmin], 8);
        Request(node, Session());

        Assert.Empty((await ReadAsync(node)).Roles);
    }

    [Fact]
    public async Task Current_WithinARequest_IsSignedOnceUntilRightsChangeOrTenSecondsPass()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        node.Cluster.Principals[Ana] = new Principal(Ana, true, [Roles.SeniorAdmin], 1);
        Request(node, Session());
        var actors = node.Services.GetRequiredService<NodeActors>();
        var first = await actors.CurrentAsync();

        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Same(first, await actors.CurrentAsync());
        node.Cluster.Principals[Ana] = new Principal(Ana, true, [], 2);
        node.Services.GetRequiredService<PrincipalCache>().Forget(Ana);
        var changed = await actors.CurrentAsync();
        _time.Advance(TimeSpan.FromSeconds(10));
        var later = await actors.CurrentAsync();

        Assert.Equal(2, (await ReadAsync(node)).Epoch);
        Assert.NotEqual(first, changed);
        Assert.NotEqual(changed, later);
    }

    [Fact]
    public async Task Current_WithoutAPerson_IsTheNodeItself()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        Assert.Equal("system:web", (await ReadAsync(node)).Name);
        Request(node, null);

        Assert.Equal("system:web", (await ReadAsync(node)).Name);
    }

    [Theory]
    [InlineData("system:demo", "system:demo")]
    [InlineData("anonymous", Actor.Identity)]
    [InlineData("address:192.0.2.9", Actor.Identity)]
    [InlineData("user:somebody", Actor.Identity)]
    [InlineData("cli:root", Actor.Identity)]
    public async Task SpeakFor_Others_IsSignedByThePartOfTheNodeThatMay(string stated, string signed)
    {
        await using var node = await TestNode.StartAsync(time: _time);
        Request(node, Session());

        node.Services.GetRequiredService<NodeActors>().SpeakFor(stated);

        var actor = Read(node, (string)RequestContext.Get(ActorContext.Key)!);
        Assert.Equal(signed, actor.Name);
        Assert.True(actor.MaySpeakFor(stated));
    }

    [Fact]
    public async Task SpeakFor_ThePersonOfTheRequest_LeavesItToTheirOwnSignature()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        Request(node, Session());
        var actors = node.Services.GetRequiredService<NodeActors>();
        actors.ActAs("setup");

        actors.SpeakFor("user:" + Ana);

        Assert.Null(RequestContext.Get(ActorContext.Key));
    }

    [Fact]
    public async Task ActAsKey_ForASender_SignsOnceInTenSeconds()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        var actors = node.Services.GetRequiredService<NodeActors>();
        string Token()
        {
            actors.ActAsKey("aaaaaaaaaaaa");
            return (string)RequestContext.Get(ActorContext.Key)!;
        }

        var first = Token();
        Assert.Equal("key:aaaaaaaaaaaa", Read(node, first).Name);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Same(first, Token());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotEqual(first, Token());
    }

    private static void Request(TestNode node, LiveSession? session)
    {
        var http = new DefaultHttpContext { RequestServices = node.Services };
        http.Connection.RemoteIpAddress = IPAddress.Parse("192.0.2.9");
        http.TraceIdentifier = "request-1";
        if (session is not null) http.User = SessionCookie.Become(http, session);
        node.Services.GetRequiredService<IHttpContextAccessor>().HttpContext = http;
    }

    private static LiveSession Session() => new("s1", Ana, Start.AddMinutes(-5), Start, Start.AddMinutes(-2), ["pwd", "otp"], false);

    private static async Task<Actor> ReadAsync(TestNode node) => Read(node, await node.Services.GetRequiredService<NodeActors>().CurrentAsync());

    private static Actor Read(TestNode node, string token)
    {
        var (signed, fault) = ActorToken.Read(node.Services.GetRequiredKeyedService<KeyRing>(ActorContext.KeyUse), token, node.Services.GetRequiredService<TimeProvider>().GetUtcNow());
        Assert.Null(fault);
        return signed!.Actor;
    }
}
