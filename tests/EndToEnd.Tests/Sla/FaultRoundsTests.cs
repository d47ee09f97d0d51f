using System.Globalization;
using Forge.Domain;
using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Forge.EndToEnd.Tests.Harness;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Sla;

/// <summary>
/// kill -9 and SIGTERM while several organizations send as fast as they are answered: what was acknowledged is there exactly once. <c>FORGE_FAULT_ROUNDS</c> says how often (2 when not set), <c>FORGE_FAULT_SEED</c> where chance begins.
/// </summary>
public sealed class FaultRoundsTests(PublishedProduct published)
{
    private const int Organizations = 6;
    private const int MostScrapes = 30;
    private static readonly int Rounds = Number("FORGE_FAULT_ROUNDS", 2);

    [Theory]
    [InlineData("kill", "cumulative")]
    [InlineData("kill", "delta")]
    [InlineData("stop", "cumulative")]
    [InlineData("stop", "delta")]
    public async Task Fault_UnderLoad_TotalsEqualTheSendersLedgers(string fault, string input)
    {
        var seed = Number("FORGE_FAULT_SEED", 20260101);
        var random = new Random(seed);
        var now = TimeProvider.System.GetUtcNow();
        // What is compared are the month's totals.
        var first = now.AddMinutes(-(Rounds + 1) * (MostScrapes + 3) / 6.0);
        Assert.SkipWhen(first.Month != now.Month, "The month is younger than the data this test sends.");
        Assert.True(now - first < TimeSpan.FromHours(5), "More rounds than the 6 h of data that a sender may bring late.");
        await using var product = await ProductProcess.StartPublishedAsync(published, demo: false);
        var (session, _, _) = await product.SetUpAsync();
        using var _ = session;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var senders = new List<LedgerSender>();
        for (var i = 0; i < Organizations; i++)
        {
            var organization = await session.CreateMonitoredOrganizationAsync($"Fault {i}", SlaTerms.Default, DateOnly.FromDateTime(now.UtcDateTime));
            var key = await session.CreateKeyAsync($"fault {i}", [organization.Id]);
            senders.Add(input == "delta"
                ? new DeltaSender(http, product.Url, key, organization.Id, first, new Random(random.Next()))
                : new CounterSender(http, product.Url, key, organization.Id, first, new Random(random.Next())));
        }

        for (var round = 1; round <= Rounds; round++)
        {
            var sending = senders.Select(s => LoadAsync(s, random.Next(MostScrapes / 2, MostScrapes))).ToArray();
            // A delta batch waits for its checkpoint: the same load takes longer.
            await Task.Delay(random.Next(0, input == "delta" ? 2_500 : 400));
            if (fault == "kill") await product.KillAsync();
            else await product.StopAsync();
            await Task.WhenAll(sending);
            await product.RestartAsync();
            await Task.WhenAll(senders.Select(async sender =>
            {
                await sender.RetryAsync();
                await sender.ScrapeAsync(failing: false);
            }));
            foreach (var sender in senders)
            {
                var month = (await session.GetAsync($"/api/sla/organizations/{sender.OrganizationId}", ForgeJson.Default.SlaOrganizationView)).Month;
                Assert.True((sender.Total, sender.Bad) == (month.Requests, month.BadRequests),
                    $"{fault} {round} of {input} input, seed {seed}: the sender of {sender.OrganizationId} counted {sender.Total} requests, {sender.Bad} bad; the product {month.Requests}, {month.BadRequests}.");
            }
        }
        TestContext.Current.SendDiagnosticMessage($"{fault}, {input}: {Rounds} rounds, {senders.Sum(s => s.Total)} requests of {Organizations} organizations, all equal (seed {seed}).");
    }

    // Until the connection breaks: the batch on its way may have been taken or not, and is sent again after the restart.
    private static async Task LoadAsync(LedgerSender sender, int scrapes)
    {
        try
        {
            for (var i = 0; i < scrapes; i++) await sender.ScrapeAsync(failing: i % 7 == 3);
        }
        catch (HttpRequestException)
        {
            // The process is gone.
        }
    }

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
