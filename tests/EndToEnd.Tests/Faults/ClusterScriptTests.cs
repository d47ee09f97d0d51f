using System.Globalization;
using System.Text.RegularExpressions;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Faults;

/// <summary><c>deploy/cluster.sh</c> by the commands of deploy/README.md, in their order: a cluster that works behind its proxy, grows, loses a silo, and leaves nothing running.</summary>
public sealed partial class ClusterScriptTests(PublishedProduct published)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Commands_OfTheScaleOutPage_WorkAsWritten_AndLeaveNothingRunning()
    {
        var folder = Repository.TemporaryFolder("cluster");
        var (port, grpc) = (Repository.FreePort(), Repository.FreePort());
        string[] where = ["--dir", folder];
        var commands = Command().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "deploy", "README.md"))).Select(m => m.Groups["words"].Value.Split(' ')).ToArray();
        Assert.Equal(["up", "status", "start", "start", "stop", "kill", "start", "run", "down"], commands.Select(c => c[0]));
        try
        {
            var up = await RunAsync([.. commands[0], .. where, "--published", await published.FolderAsync(), "--port", Text(port), "--grpc-port", Text(grpc)]);
            var (session, sender) = await UseAsync(new Uri($"http://localhost:{port}"), SetupLink().Match(up).Groups["token"].Value);
            using var _ = session;
            foreach (var command in commands[1..^1])
            {
                var said = await RunAsync([.. command, .. where]);
                if (command[0] == "status") Assert.Equal(5, said.Split("Healthy").Length - 1);
                if (command[0] == "run") Assert.Contains("agree", said, StringComparison.OrdinalIgnoreCase);
                await sender.ScrapeAsync(failing: false);
            }
            var status = await RunAsync(["status", .. where]);
            Assert.Equal(6, status.Split("Healthy").Length - 1);   // silo-2 was stopped
            var month = (await session.GetAsync($"/api/sla/organizations/{sender.OrganizationId}", ForgeJson.Default.SlaOrganizationView)).Month;
            Assert.Equal((sender.Total, sender.Bad), (month.Requests, month.BadRequests));
            foreach (var name in (string[])["silo-1", "web-1"])
            {
                // What a web node is not told it cannot give away.
                var environment = await File.ReadAllTextAsync($"/proc/{(await File.ReadAllTextAsync(Path.Combine(folder, "run", name))).Split(' ')[0]}/environ");
                Assert.Equal(name == "silo-1", environment.Contains("forge_app", StringComparison.Ordinal));
            }
            Assert.DoesNotContain("kek-1", Directory.GetFiles(Path.Combine(folder, "keys-web")).Select(Path.GetFileName));
        }
        finally
        {
            await RunAsync([.. commands[^1], .. where]);
            var left = Directory.GetDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), CultureInfo.InvariantCulture, out var id) && id != Environment.ProcessId && Mentions(p, folder)).ToArray();
            Assert.Empty(left);
            await RunAsync(["wipe", .. where]);
            Assert.False(Directory.Exists(folder));
        }
    }

    private static async Task<(ProductSession Session, CounterSender Sender)> UseAsync(Uri proxy, string token)
    {
        var now = TimeProvider.System.GetUtcNow();
        var (session, _) = await ProductSession.SetUpAsync(proxy, token, "first@forge.example", "walnut-harbour-lantern-mesa-81");
        var organization = await session.CreateMonitoredOrganizationAsync("Scale-out Ltd", SlaTerms.Default, DateOnly.FromDateTime(now.UtcDateTime));
        var key = await session.CreateKeyAsync("cluster", [organization.Id]);
        var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        return (session, new CounterSender(http, proxy, key, organization.Id, now, new Random(5)) { Clock = TimeProvider.System });
    }

    private static Task<string> RunAsync(string[] words) => RunningProcess.RunAsync("cluster.sh " + words[0], Path.Combine(Repository.Root, "deploy", "cluster.sh"), words, Repository.Root, Patience);

    private static bool Mentions(string process, string folder)
    {
        try
        {
            return File.ReadAllText(process + "/cmdline").Contains(folder, StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("^deploy/cluster\\.sh (?<words>.+)$", RegexOptions.Multiline, 1000)]
    private static partial Regex Command();

    [GeneratedRegex(@"/setup#(?<token>[A-Za-z0-9_-]+)", RegexOptions.None, 1000)]
    private static partial Regex SetupLink();
}
