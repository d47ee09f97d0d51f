using System.Net;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

public sealed class SessionStoreTests
{
    private const string User = "0198f3c2a7b44c1e9d2f6a5b8c7d6e5f";
    private static readonly Caller Here = new("127.0.0.1", "test");
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    [InlineData(1, false)]
    public async Task Session_IdleFor30Minutes_IsOver(long ticks, bool lives)
    {
        await using var node = await TestNode.StartAsync(time: _time);
        var sessions = node.Services.GetRequiredService<SessionStore>();
        var (_, cookie) = await sessions.CreateAsync(User, ["pwd", "otp"], Here);
        _time.Advance(SessionStore.Idle + TimeSpan.FromTicks(ticks));
        Assert.Equal(lives, await sessions.FindAsync(cookie, reads: true, counts: false, Here) is not null);
    }

    [Fact]
    public async Task Session_UsedAllDay_EndsAfter12Hours_AndTheHubKeepsNothingAlive()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        var sessions = node.Services.GetRequiredService<SessionStore>();
        var (_, used) = await sessions.CreateAsync(User, ["passkey"], Here);
        var (_, watched) = await sessions.CreateAsync(User, ["passkey"], Here);
        for (var minutes = 20; minutes < 12 * 60; minutes += 20)
        {
            _time.Advance(TimeSpan.FromMinutes(20));
            Assert.NotNull(await sessions.FindAsync(used, reads: true, counts: true, Here));
            if (minutes >= 40) Assert.Null(await sessions.FindAsync(watched, reads: true, counts: false, Here));
        }
        _time.Advance(TimeSpan.FromMinutes(20) - TimeSpan.FromTicks(1));
        Assert.NotNull(await sessions.FindAsync(used, reads: true, counts: true, Here));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await sessions.FindAsync(used, reads: true, counts: true, Here));
    }

    [Fact]
    public async Task Session_TheSixth_EndsTheOldest()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        var sessions = node.Services.GetRequiredService<SessionStore>();
        var cookies = new List<string>();
        for (var i = 0; i < 6; i++)
        {
            cookies.Add((await sessions.CreateAsync(User, ["passkey"], Here)).Cookie);
            _time.Advance(TimeSpan.FromSeconds(2));
        }
        Assert.Null(await sessions.FindAsync(cookies[0], true, true, Here));
        for (var i = 1; i < 6; i++) Assert.NotNull(await sessions.FindAsync(cookies[i], true, true, Here));
        Assert.Equal(SessionStore.MostPerPerson, (await sessions.ListAsync(User)).Length);
    }

    [Fact]
    public async Task Rotation_TheOldValue_ReadsFor10Seconds_AndChangesNothing()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        var sessions = node.Services.GetRequiredService<SessionStore>();
        var (session, old) = await sessions.CreateAsync(User, ["pwd", "otp"], Here);
        var fresh = (await sessions.RotateAsync(session.Id, "otp", mustEnrol: false))!;
        Assert.NotEqual(old, fresh);
        Assert.Equal(session.Id, (await sessions.FindAsync(fresh, reads: false, counts: true, Here))!.Id);
        Assert.Null(await sessions.FindAsync(old, reads: false, counts: true, Here));
        _time.Advance(SessionStore.OldValueReads - TimeSpan.FromTicks(1));
        Assert.Equal(session.Id, (await sessions.FindAsync(old, reads: true, counts: true, Here))!.Id);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await sessions.FindAsync(old, reads: true, counts: true, Here));
        Assert.NotNull(await sessions.FindAsync(fresh, reads: false, counts: true, Here));
    }

    [Fact]
    public async Task End_OnOneNode_IsToldAndBelievedByAnotherWithinASecond()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        var here = node.Services.GetRequiredService<SessionStore>();
        var elsewhere = ActivatorUtilities.CreateInstance<SessionStore>(node.Services);
        var (session, cookie) = await here.CreateAsync(User, ["passkey"], Here);
        Assert.NotNull(await elsewhere.FindAsync(cookie, true, true, Here));
        var before = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(await here.EndAsync(session.Id, "killed"));
        Assert.False(await here.EndAsync(session.Id, "killed"));
        Assert.Null(await here.FindAsync(cookie, true, true, Here));
        Assert.Equal((CredentialKind.Session, session.Id), (await Task.WhenAll(node.Services.GetServices<EndedSource>().Select(s => s(before, default)))).SelectMany(e => e).Select(e => (e.Kind, e.Id)).Single());
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(await elsewhere.FindAsync(cookie, true, true, Here));
    }

    [Fact]
    public async Task Sweep_WritesDownWhatIsIdle_SoThatConnectionsAreCut()
    {
        await using var node = await TestNode.StartAsync(time: _time);
        var sessions = node.Services.GetRequiredService<SessionStore>();
        var (session, _) = await sessions.CreateAsync(User, ["passkey"], Here);
        _time.Advance(SessionStore.Idle);
        await sessions.SweepAsync();
        await using var store = node.Services.GetRequiredService<Func<IdentityStore>>()();
        Assert.Equal("expired", (await store.Sessions.AsNoTracking().SingleAsync(s => s.Id == session.Id)).EndReason);
    }

    [Fact]
    public async Task Cookie_IsNotInTheStore_AndForgedOnesAreNobody()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var cookie = admin.Cookies.GetCookies(node.Address)["forge-local"]!.Value;
        await using var store = node.Services.GetRequiredService<Func<IdentityStore>>()();
        var row = await store.Sessions.AsNoTracking().SingleAsync();
        Assert.DoesNotContain(cookie, System.Text.Json.JsonSerializer.Serialize(row), StringComparison.Ordinal);
        foreach (var forged in (string[])["", "x", cookie[..^1] + (cookie[^1] == 'A' ? 'E' : 'A'), row.Id, Convert.ToHexString(row.TokenHash), new string('é', 43)])
        {
            var other = node.Open();
            using var answer = await other.SendAsync(HttpMethod.Get, "/api/organizations", null, ("Cookie", "forge-local=" + Uri.EscapeDataString(forged)));
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
        using var own = await admin.GetAsync("/api/organizations");
        Assert.Equal(HttpStatusCode.OK, own.StatusCode);
    }
}
