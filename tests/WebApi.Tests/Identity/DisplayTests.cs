using System.Collections.Immutable;
using System.Net;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Live;
using Forge.Grains.Interfaces.Live;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Forge.WebApi.Tests.Live;
using Microsoft.AspNetCore.SignalR.Client;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

/// <summary>Screens from the code they show to their end.</summary>
public sealed class DisplayTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly CredentialScope Everything = new(true, []);

    [Fact]
    public async Task Pair_ByItsCode_ShowsTheBoardOfItsScopeOnly()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var (own, foreign) = (await OrganizationAsync(admin, "Acme"), await OrganizationAsync(admin, "Globex"));
        var screen = node.Open();
        var started = await BeginAsync(screen);
        Assert.Equal(8, started.Code.Length);
        Assert.Equal(DisplayState.WAITING, (await PairingAsync(screen, started.Id)).State);
        Assert.Null((await SelfAsync(screen)).State);

        var display = await PairAsync(admin, started.Code.ToLowerInvariant().Insert(4, "-"), new CredentialScope(false, [own]));
        Assert.Equal(DisplayState.PAIRED, (await PairingAsync(screen, started.Id)).State);
        Assert.Equal((DisplayState.PAIRED, "Hall"), ((await SelfAsync(screen)).State, (await SelfAsync(screen)).Name));

        var silo = await node.Cluster.Registry.Observer.WaitAsync(Patience);
        await silo.Push(new LiveBatch("silo", 1, 0, true, [Tile(own, 1), Tile(foreign, 1)]));
        await using var connection = Connect(node, screen);
        var frames = System.Threading.Channels.Channel.CreateUnbounded<LiveFrame>();
        connection.On<LiveFrame>("frame", f => frames.Writer.TryWrite(f));
        await connection.StartAsync();
        var start = await connection.InvokeAsync<LiveStart>("Start", null, 0L);
        Assert.Equal(LiveDelta.TileOf(own), Assert.Single(start.Snapshot!.Things).Thing);

        await silo.Push(new LiveBatch("silo", 2, 1, false, [Tile(foreign, 2)]));
        await silo.Push(new LiveBatch("silo", 3, 2, false, [Tile(own, 2)]));
        var known = start.Snapshot.Sequence;
        var seen = new List<string>();
        while (known < 4)
        {
            var frame = await frames.Reader.ReadAsync().AsTask().WaitAsync(Patience);
            Assert.True(frame.From <= known + 1, $"frame {frame.From}..{frame.To} after {known}");
            known = Math.Max(known, frame.To);
            seen.AddRange(frame.Deltas.Select(d => d.Thing));
        }
        Assert.All(seen, thing => Assert.Equal(LiveDelta.TileOf(own), thing));
        Assert.NotEmpty(seen);
        var resumed = await connection.InvokeAsync<LiveStart>("Start", start.Snapshot.NodeEpoch, start.Snapshot.Sequence);
        Assert.Equal(LiveDelta.TileOf(own), Assert.Single(resumed.Resume!.Deltas).Thing);
        Assert.Equal(known, resumed.Resume.To);

        await connection.InvokeAsync("Report", known, 120L);
        await node.Services.GetRequiredService<DisplayStore>().FlushAsync();
        var listed = Assert.Single(await ListAsync(admin));
        Assert.Equal((display.Id, known, 120L), (listed.Id, listed.Sequence, listed.DataAgeMs));
        Assert.Equal(["display.pair.intent", "display.pair.result"], node.Cluster.Journal.Where(j => j.Subject == "display:" + display.Id).Select(j => j.Action));
    }

    [Fact]
    public async Task Revoke_CutsTheScreenAndTellsIt()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var (screen, other) = (node.Open(), node.Open());
        var display = await PairAsync(admin, (await BeginAsync(screen)).Code, Everything);
        await PairAsync(admin, (await BeginAsync(other)).Code, Everything);
        await using var connection = Connect(node, screen);
        await using var untouched = Connect(node, other);
        var closed = Closed(connection);
        await connection.StartAsync();
        await untouched.StartAsync();

        using var gone = await admin.SendAsync(HttpMethod.Delete, "/api/displays/" + display.Id, null);
        Assert.Equal(HttpStatusCode.OK, gone.StatusCode);
        await closed.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(HubConnectionState.Connected, untouched.State);
        Assert.Equal(DisplayState.REVOKED, (await SelfAsync(screen)).State);
        var refused = await Assert.ThrowsAsync<HttpRequestException>(() => connection.StartAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(2, node.Cluster.Journal.Count(j => j.Action.StartsWith("display.revoke", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Approve_CodeThatIsWrongUsedOrOver_IsRefused()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var node = await TestNode.StartAsync(time: time);
        var admin = await node.AdminAsync();
        var (late, used) = (await BeginAsync(node.Open()), await BeginAsync(node.Open()));
        var paired = await PairAsync(admin, used.Code, Everything);
        Assert.Equal(paired.Id, (await PairAsync(admin, used.Code, Everything)).Id);   // the same question again is the same answer
        Assert.Equal("pairing_code_wrong", await RefusalAsync(admin, used.Code, new CredentialScope(false, [await OrganizationAsync(admin, "Acme")])));
        Assert.Equal("pairing_code_wrong", await RefusalAsync(admin, "nothing"));
        time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.Equal("validation_failed", await RefusalAsync(admin, late.Code, new CredentialScope(false, [])));
        Assert.Equal("validation_failed", await RefusalAsync(admin, late.Code, new CredentialScope(false, ["eu-0000000000"])));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("pairing_expired", await RefusalAsync(admin, late.Code));
        Assert.Single(await ListAsync(admin));
    }

    [Fact]
    public async Task Limits_FiveCodesAnAdminAndTenPairingsAnAddress_Answer429()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        for (var i = 0; i < 5; i++) Assert.Equal("pairing_code_wrong", await RefusalAsync(admin, "00000000"));
        Assert.Equal("rate_limited", await RefusalAsync(admin, "00000000"));
        for (var i = 0; i < 10; i++) await BeginAsync(node.Open());
        using var eleventh = await node.Open().SendAsync(HttpMethod.Post, "/api/displays/pairings", null);
        Assert.Equal(HttpStatusCode.TooManyRequests, eleventh.StatusCode);
        Assert.True(eleventh.Headers.Contains("Retry-After"));
    }

    [Fact]
    public async Task Screen_OpensNothingButItsBoard()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var screen = node.Open();
        var started = await BeginAsync(screen);
        await PairAsync(admin, started.Code, Everything);
        foreach (var path in new[] { "/api/displays", "/api/sla/overview", "/api/organizations", "/api/ingest-keys" })
        {
            using var answer = await screen.GetAsync(path);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        }
        Assert.False((await screen.ReadSessionAsync()).Authenticated);
        using var stranger = await node.Open().GetAsync("/api/displays/pairings/" + started.Id);
        Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);
    }

    [Fact]
    public async Task Screen_Unseen30Days_HasEnded()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var screen = node.Open();
        await PairAsync(admin, (await BeginAsync(screen)).Code, Everything);
        await SeenAsync(Displays.Unseen - TimeSpan.FromMinutes(1));
        Assert.Equal(DisplayState.PAIRED, (await SelfAsync(screen)).State);
        await SeenAsync(Displays.Unseen);
        Assert.Equal(DisplayState.EXPIRED, (await SelfAsync(screen)).State);
        await using var connection = Connect(node, screen);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Assert.ThrowsAsync<HttpRequestException>(() => connection.StartAsync())).StatusCode);

        // The clock would have to tick 30 days of seconds through every timer of the node.
        async Task SeenAsync(TimeSpan ago)
        {
            await using var store = node.Services.GetRequiredService<Func<IdentityStore>>()();
            await store.Displays.ExecuteUpdateAsync(d => d.SetProperty(r => r.LastSeenAt, DateTimeOffset.UtcNow - ago));
        }
    }

    internal static async Task<PairingStarted> BeginAsync(Browser screen) =>
        await Browser.ReadAsync(await screen.SendAsync(HttpMethod.Post, "/api/displays/pairings", null), ForgeJson.Default.PairingStarted);

    internal static async Task<DisplayView> PairAsync(Browser admin, string code, CredentialScope scope) =>
        await Browser.ReadAsync(await ApproveAsync(admin, code, scope), ForgeJson.Default.DisplayView);

    internal static HubConnection Connect(TestNode node, Browser browser)
    {
        var builder = new HubConnectionBuilder().WithUrl(new Uri(node.Address, "/hubs/live"), o => o.Cookies = browser.Cookies);
        builder.AddJsonProtocol(json => json.PayloadSerializerOptions = new(ForgeJson.Default.Options));
        return builder.Build();
    }

    /// <summary>Completes when the server has closed the connection.</summary>
    internal static Task Closed(HubConnection connection)
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connection.Closed += _ =>
        {
            closed.TrySetResult();
            return Task.CompletedTask;
        };
        return closed.Task;
    }

    private static LiveDelta Tile(string organizationId, long sequence)
    {
        var delta = LiveFeedTests.Tile(LiveDelta.TileOf(organizationId), 1, sequence);
        return delta with { Content = new LiveContent.TileChanged(((LiveContent.TileChanged)delta.Content).Tile with { OrganizationId = organizationId }) };
    }

    private static async Task<string> OrganizationAsync(Browser admin, string name)
    {
        using var made = await admin.SendAsync(HttpMethod.Post, "/api/organizations", $$"""{"name":"{{name}}","region":"EU","plan":"ENTERPRISE","isEnterpriseCustomer":true,"userCount":10}""", ("Idempotency-Key", name));
        return made.Headers.Location!.ToString().Split('/')[^1];
    }

    private static Task<HttpResponseMessage> ApproveAsync(Browser admin, string code, CredentialScope scope) =>
        admin.SendAsync(HttpMethod.Post, "/api/displays", System.Text.Json.JsonSerializer.Serialize(new ApproveDisplay(code, "Hall", scope), ForgeJson.Default.ApproveDisplay), ("Idempotency-Key", Guid.NewGuid().ToString("N")));

    private static async Task<string> RefusalAsync(Browser admin, string code, CredentialScope? scope = null)
    {
        using var answer = await ApproveAsync(admin, code, scope ?? Everything);
        return (await Browser.ProblemOf(answer)).Code;
    }

    private static async Task<PairingView> PairingAsync(Browser screen, string id) => await Browser.ReadAsync(await screen.GetAsync("/api/displays/pairings/" + id), ForgeJson.Default.PairingView);

    private static async Task<DisplaySelf> SelfAsync(Browser screen) => await Browser.ReadAsync(await screen.GetAsync("/api/displays/self"), ForgeJson.Default.DisplaySelf);

    private static async Task<ImmutableArray<DisplayView>> ListAsync(Browser admin) => (await Browser.ReadAsync(await admin.GetAsync("/api/displays"), ForgeJson.Default.PageDisplayView)).Items;
}
