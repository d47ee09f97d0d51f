using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Organizations;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;
using Microsoft.AspNetCore.SignalR.Client;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary>Commands whose node dies, and rights that end while connections of other nodes are open. Source: security.md 15, F-8 and F-9 as far as no grant is needed.</summary>
[Trait("Category", "Fault")]
public sealed class CommandFaultTests(PublishedProduct published)
{
    private const int Rounds = 6;
    private const int Screens = 5;   // as many codes as an administrator may enter in a minute
    private static readonly TimeSpan Cut = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task Command_WhoseNodeDiesUnderIt_HappensOnce_AndAnswersTheSameEverywhere()
    {
        FaultReport.OnlyWhenAll();
        var random = new Random(FaultReport.Seed);
        await using var cluster = await FaultCluster.StartAsync(published, silos: 2, webs: 2);
        var (lost, answers) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var (name, key) = (string.Create(CultureInfo.InvariantCulture, $"Once {round}"), Guid.CreateVersion7().ToString("N"));
            var first = SendAsync(cluster.Session(0), name, key);
            await Task.Delay(random.Next(0, 120));
            await cluster.Webs[0].KillAsync();
            var before = await first;
            if (before is null) lost++;
            var ids = new List<string>();
            for (var i = 0; i < 3; i++) ids.Add((await SendAsync(cluster.Session(1), name, key)) ?? throw new InvalidOperationException("The node that lives did not answer."));
            answers += ids.Count;
            Assert.Single(ids.Append(before ?? ids[0]).Distinct());
            var list = await cluster.Session(1).GetAsync("/api/organizations?search=" + Uri.EscapeDataString(name), ForgeJson.Default.PageOrganization);
            Assert.Single(list.Items, o => o.Name == name);
            await cluster.Webs[0].RestartAsync();
        }
        Assert.Null(await cluster.JournalFaultAsync());
        FaultReport.Note("F-8", $"{Rounds} commands, the node killed under each ({lost} got no answer); {answers} repeats at the other node, every one the first answer, one organization each", "one effect, same answer");
    }

    [Fact]
    public async Task Screen_RevokedAtOneNode_IsCutAtTheOtherWithinTwoSeconds()
    {
        FaultReport.OnlyWhenAll();
        await using var cluster = await FaultCluster.StartAsync(published, silos: 2, webs: 2);
        var took = new List<TimeSpan>();
        for (var i = 0; i < Screens; i++)
        {
            var url = cluster.Webs[1].Url;
            var cookies = new CookieContainer();
            using var http = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies, UseProxy = false }) { BaseAddress = url };
            http.DefaultRequestHeaders.Add("Origin", url.GetLeftPart(UriPartial.Authority));
            using var begun = await http.PostAsync(new Uri("/api/displays/pairings", UriKind.Relative), null);
            using var pairing = JsonDocument.Parse(await begun.Content.ReadAsStringAsync());
            var display = await cluster.Session(0).PostAsync("/api/displays", new ApproveDisplay(pairing.RootElement.GetProperty("code").GetString()!, $"Screen {i}", new CredentialScope(true, [])), ForgeJson.Default.ApproveDisplay, ForgeJson.Default.DisplayView);
            await using var hub = new HubConnectionBuilder().WithUrl(new Uri(url, LiveHubContract.Path), o =>
            {
                o.Cookies = cookies;
                o.Headers["Origin"] = url.GetLeftPart(UriPartial.Authority);
            }).Build();
            var closed = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            hub.Closed += _ =>
            {
                closed.TrySetResult(Stopwatch.GetTimestamp());
                return Task.CompletedTask;
            };
            await hub.StartAsync();
            using var answer = await cluster.Session(0).Http.DeleteAsync(new Uri("/api/displays/" + display.Id, UriKind.Relative));
            var answered = Stopwatch.GetTimestamp();
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
            took.Add(Stopwatch.GetElapsedTime(answered, await closed.Task.WaitAsync(TimeSpan.FromSeconds(20))));
            using var again = await http.PostAsync(new Uri("/hubs/live/negotiate?negotiateVersion=1", UriKind.Relative), null);
            Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
        }
        FaultReport.Note("F-9", $"{Screens} screens at one node, revoked at the other: cut after {took.Min().TotalMilliseconds:0} to {took.Max().TotalMilliseconds:0} ms, reconnecting refused", "≤ 2 s");
        Assert.InRange(took.Max(), TimeSpan.MinValue, Cut);
    }

    private static async Task<string?> SendAsync(ProductSession session, string name, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/organizations") { Content = JsonContent.Create(new CreateOrganization(name, null, null, Region.EU, OrganizationPlan.TEAM, false, 1), ForgeJson.Default.CreateOrganization) };
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using var answer = await session.Http.SendAsync(request);
            return answer.StatusCode == HttpStatusCode.Created ? (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.Organization))!.Id : throw new InvalidOperationException(await answer.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }
}
