using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Domain.Organizations;
using Forge.Grains.Interfaces.Audit;
using Forge.Grains.Interfaces.Organizations;
using Forge.Storage;
using Forge.Storage.Audit;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Runtime;

namespace Forge.Grains.Tests.Audit;

public sealed class JournalGrainTests : IAsyncLifetime
{
    private const string Platform = OrganizationId.PlatformChain;

    private SpineCluster _spine = null!;

    private IJournalQueryGrain Query => _spine.Grains.GetGrain<IJournalQueryGrain>(0);

    private IJournalVerifierGrain Verifier => _spine.Inside.GetGrain<IJournalVerifierGrain>(Platform);

    private IJournalSealGrain Seals => _spine.Inside.GetGrain<IJournalSealGrain>(Platform);

    public async ValueTask InitializeAsync() => _spine = await SpineCluster.StartAsync();

    public ValueTask DisposeAsync() => _spine.DisposeAsync();

    [Fact]
    public async Task Tick_SealsEveryMinuteWhenAChainMoved_ElseEveryTenMinutes()
    {
        await Verifier.CheckAll();   // its entry is there before, not in between
        var at = await Seals.Seal();
        await AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Equal(at, await NewestAsync());

        await AppendAsync(Platform);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        var second = await NewestAsync();
        Assert.Equal(at + 2, second);   // the appended entry, then the heads

        for (var minute = 1; minute < 10; minute++)
        {
            await AdvanceAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(second, await NewestAsync());
        }
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(second + 1, await NewestAsync());   // silence is provable
    }

    [Fact]
    public async Task Seal_AfterTheFirst_NamesOnlyTheChainsThatMoved()
    {
        var (one, two) = (NewChain(), NewChain());
        await Verifier.CheckAll();
        await Seals.Seal();
        await AppendAsync(one);
        await AppendAsync(two);
        Assert.Equal(new[] { one, two }.Order(StringComparer.Ordinal), (await HeadsAsync(await Seals.Seal())).Order(StringComparer.Ordinal).Where(c => c == one || c == two));
        await AppendAsync(two);
        Assert.Equal([two], await HeadsAsync(await Seals.Seal()));
        Assert.Empty(await HeadsAsync(await Seals.Seal()));
    }

    [Fact]
    public async Task Seal_AnswersOfTheQueryGrain_CanBeCheckedFromOutside()
    {
        await Seals.Seal();
        var view = (await Query.Seals(null, 10))[0];
        var key = Assert.Single((await Query.Keys()).Keys);
        var seal = new JournalSeal(view.Installation, view.Seq, [.. Convert.FromBase64String(view.Hash)], view.At, view.KeyId, [.. Convert.FromBase64String(view.Signature)]);
        Assert.True(seal.IsSignedBy(key));
        Assert.Equal(view.Hash, Convert.ToBase64String(Convert.FromHexString((await Query.Entry(Platform, view.Seq))!.Hash)));
        var file = SealFile.Parse(await File.ReadAllTextAsync(_spine.Services.GetRequiredService<JournalFiles>().SealFile));
        Assert.Contains(seal.Note, file.Seals.Select(s => s.Note));
    }

    [Fact]
    public async Task Verifier_HonestJournal_IsHealthyThroughTheLastEntry()
    {
        var chain = NewChain();
        await AppendAsync(chain);
        await Seals.Seal();

        var status = await Verifier.CheckAll();

        Assert.True(status.Healthy);
        Assert.Empty(status.Findings);
        Assert.NotNull(status.CompleteAt);
        Assert.Equal(JournalProtection.Triggers, status.Protection);
        Assert.NotNull((await Query.Status()).LastSealSeq);
        Assert.Equal((1L, 1L), Of(await Query.ChainStatus(chain)));
        var verified = (await Query.Search(new JournalFilter(Platform, Action: "journal.verified"), null, 1)).Items[0];
        Assert.Equal("system:journal-verifier", verified.Actor);

        await AppendAsync(chain);
        Assert.Equal((1L, 2L), Of(await Query.ChainStatus(chain)));
        await AdvanceAsync(TimeSpan.FromSeconds(60));
        await Until(async () => Of(await Query.ChainStatus(chain)) == (2L, 2L), "the new entry is verified");

        static (long, long) Of(ChainStatus s) => (s.VerifiedThrough, s.Head);
    }

    [Fact]
    public async Task Verifier_TailCutWhileItRuns_SaysSoAndStopsNothing()
    {
        var chain = NewChain();
        for (var i = 0; i < 5; i++) await AppendAsync(chain);
        Assert.True((await Verifier.CheckAll()).Healthy);
        await _spine.SqlAsync($"DROP TRIGGER journal_entry_no_delete; DELETE FROM journal_entry WHERE chain = '{chain}' AND seq > 3; UPDATE journal_head SET seq = 3, hash = (SELECT hash FROM journal_entry WHERE chain = '{chain}' AND seq = 3) WHERE chain = '{chain}'");

        await AdvanceAsync(TimeSpan.FromSeconds(60));

        await Until(async () => !(await Query.Status()).Healthy, "the cut is noticed");
        Assert.Equal($"{chain} 4..5 tail cut (they were there at the check before)", Assert.Single((await Query.Status()).Findings).ToString());
        Assert.Single((await Query.ChainStatus(chain)).Findings);
        Assert.Single((await Query.Search(new JournalFilter(Platform, Action: "journal.disagreement"), null, 10)).Items);
        await AppendAsync(chain);   // closing and writing go on
        await AdvanceAsync(TimeSpan.FromSeconds(60));
        Assert.False((await Query.Status()).Healthy);
    }

    [Fact]
    public async Task Verifier_RowEdited_IsFoundByTheDailyCheckAndByTheButton()
    {
        var chain = NewChain();
        for (var i = 0; i < 3; i++) await AppendAsync(chain);
        Assert.True((await Verifier.CheckAll()).Healthy);
        Assert.True((await Query.Verify(chain)).Agrees);
        await _spine.SqlAsync($"DROP TRIGGER journal_entry_no_update; UPDATE journal_entry SET actor = 'user:eva' WHERE chain = '{chain}' AND seq = 2");

        Assert.Equal($"{chain} 2 edited", Assert.Single((await Query.Verify(chain)).Findings).ToString());
        await AdvanceAsync(TimeSpan.FromHours(23));
        Assert.True((await Query.Status()).Healthy);
        await AdvanceAsync(TimeSpan.FromHours(1));
        await Until(async () => !(await Query.Status()).Healthy, "the daily check finds it");
        Assert.Equal($"{chain} 2 edited", Assert.Single((await Query.Status()).Findings).ToString());
    }

    [Fact]
    public async Task Incident_RecordedByAPerson_EndsTheAlarmForWhatItExplainsAlone()
    {
        var chain = NewChain();
        for (var i = 0; i < 5; i++) await AppendAsync(chain);
        await _spine.SqlAsync($"DROP TRIGGER journal_entry_no_update; UPDATE journal_entry SET actor = 'user:eva' WHERE chain = '{chain}' AND seq = 2");
        Assert.False((await Verifier.CheckAll()).Healthy);
        Assert.Equal("validation_failed", (await Verifier.RecordIncident(" ", "user:sam", "c")).Refusal!.Code);

        var status = (await Verifier.RecordIncident("Restored from the backup of Monday.", "user:sam", "corr")).Value!;

        Assert.True(status.Healthy);
        Assert.Single(status.Findings);
        var entry = Assert.Single((await Query.Search(new JournalFilter(Platform, Action: JournalIncident.Action), null, 10)).Items);
        Assert.Equal(("user:sam", "corr"), (entry.Actor, entry.CorrelationId));
        // It is known after the verifier was activated anew, and does not cover what is found later.
        await Verifier.Cast<IGrainManagementExtension>().DeactivateOnIdle();
        await Until(async () => await _spine.Inside.GetGrain<IManagementGrain>(0).GetActivationAddress(Verifier) is null || (await Verifier.Status()).CompleteAt is null, "it is activated anew");
        Assert.True((await Verifier.CheckAll()).Healthy);
        await _spine.SqlAsync($"UPDATE journal_entry SET actor = 'user:eva' WHERE chain = '{chain}' AND seq = 4");
        status = await Verifier.CheckAll();
        Assert.False(status.Healthy);
        Assert.Equal((2, 1), (status.Findings.Length, status.Recorded.Length));
    }

    [Fact]
    public async Task Append_WithACorrelation_KeepsIt()
    {
        RequestContext.Set(JournalCorrelation.Key, "0af7651916cd43dd8448eb211c80319c");
        var seq = await _spine.Grains.GetGrain<IJournalGrain>(Platform).Append("user:ana", "test.append", "s", "{}");
        RequestContext.Clear();
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", (await Query.Entry(Platform, seq))!.CorrelationId);
    }

    [Fact]
    public async Task Command_OnAThing_IsJournaledWithActorReasonBeforeAfterAndCorrelation()
    {
        var id = NewChain();
        var grain = _spine.Grains.GetGrain<IOrganizationGrain>(id);
        SpineCluster.Must(await grain.Create(new CreateOrganization("Before", id, null, Region.EU, OrganizationPlan.TEAM, false, 10), SpineCluster.Context()));

        SpineCluster.Must(await grain.Edit(new EditOrganization("After", null, null, null, null, null, null), SpineCluster.Context() with { Reason = "The customer was renamed." }));

        var entry = (await Query.Search(new JournalFilter(id, Action: "organization.changed"), null, 1)).Items[0];
        Assert.Equal(("user:test", "test", "organization:" + id), (entry.Actor, entry.CorrelationId, entry.Subject));
        using var body = JsonDocument.Parse(entry.Body!);
        Assert.Equal("""{"name":{"from":"Before","to":"After"}}""", body.RootElement.GetProperty("changes").GetRawText());
        Assert.Equal("The customer was renamed.", body.RootElement.GetProperty("reason").GetString());
    }

    private static string NewChain() => OrganizationId.Mint(Region.EU, Guid.NewGuid().ToByteArray());

    private Task AppendAsync(string chain) => _spine.Services.GetRequiredService<Ledger>().AppendAsync(chain, "user:ana", "c", new JournalDraft("test.append", "s", "{}"), default);

    private async Task<long> NewestAsync() => (await Query.Seals(null, 1))[0].Seq;

    private async Task<IEnumerable<string>> HeadsAsync(long seq) => JournalHeads.Parse((await Query.Entry(Platform, seq))!.Body!)!.Value.Select(h => h.Chain);

    /// <summary>Moves the clock and lets both grains act; the sweeps of the silo do the same in their own time, which changes nothing.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        _spine.Time.Advance(by);
        await Seals.Tick();
        await Verifier.Tick();
    }

    private async Task Until(Func<Task<bool>> holds, string what)
    {
        for (var attempt = 0; attempt < 200; attempt++)
        {
            if (await holds()) return;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);   // the check runs on real threads
            await Verifier.Tick();
        }
        Assert.Fail($"Never happened: {what}.");
    }
}
