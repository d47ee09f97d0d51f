using Forge.Domain.Contracts;
using Forge.Grains.Interfaces.Sla;
using Forge.Grains.Tests.Sla;
using Forge.Storage;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Runtime;

namespace Forge.Grains.Tests;

/// <summary>What the Deadline mechanism writes, seen through the policy deadline of an SLA grain: row and reminder, and nothing when both are there.</summary>
public sealed class DeadlineTests(SpineFixture fixture) : IClassFixture<SpineFixture>
{
    private const string Name = "policy";
    private static readonly DateTimeOffset NextMonth = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly SpineCluster _spine = fixture.Spine;

    private DeadlineStore Rows => _spine.Services.GetRequiredService<DeadlineStore>();

    private IReminderTable Reminders => _spine.Services.GetRequiredService<IReminderTable>();

    [Fact]
    public async Task Arm_ByANewActivationOfWhatIsThere_WritesNeitherRowNorReminder()
    {
        var (grain, id) = await Armed();
        var reminder = await Reminder(grain);

        await RefusingWrites(async () =>
        {
            await Again(grain);
            await _spine.SettledAsync(grain.Wake());
        });

        Assert.Equal(NextMonth, await Rows.FindAsync("sla", id, Name, default));
        Assert.Equal((reminder.ETag, reminder.StartAt), await Reminder(grain) is var after ? (after.ETag, after.StartAt) : default);
    }

    [Fact]
    public async Task Arm_WhenTheRowIsGone_WritesItAgain()
    {
        var (grain, id) = await Armed();
        await Rows.ClearAsync("sla", id, Name, default);

        await Again(grain);

        Assert.Equal(NextMonth, await Rows.FindAsync("sla", id, Name, default));
    }

    [Fact]
    public async Task Arm_WhenTheRowSaysAnotherInstant_PutsRowAndReminderRight()
    {
        var (grain, id) = await Armed();
        await Rows.SetAsync("sla", id, Name, NextMonth.AddDays(7), default);
        var reminder = await Reminder(grain);

        await Again(grain);

        Assert.Equal(NextMonth, await Rows.FindAsync("sla", id, Name, default));
        Assert.NotEqual(reminder.ETag, (await Reminder(grain)).ETag);
    }

    [Fact]
    public async Task Arm_WhenTheReminderIsGone_RegistersItAgain()
    {
        var (grain, id) = await Armed();
        var reminder = await Reminder(grain);
        Assert.True(await Reminders.RemoveRow(grain.GetGrainId(), Name, reminder.ETag!));

        await Again(grain);

        await RemindsNextMonth(grain);
        Assert.Equal(NextMonth, await Rows.FindAsync("sla", id, Name, default));
    }

    /// <summary>Reminders are registered by their distance from now, and the clock moves on meanwhile: seconds late at most, never early.</summary>
    private async Task RemindsNextMonth(ISlaGrain grain) => Assert.InRange((await Reminder(grain)).StartAt, NextMonth.UtcDateTime, NextMonth.UtcDateTime.AddSeconds(30));

    private async Task<ReminderEntry> Reminder(ISlaGrain grain) => await Reminders.ReadRow(grain.GetGrainId(), Name) ?? throw new InvalidOperationException("The grain has no reminder.");

    private async Task<(ISlaGrain Grain, string Id)> Armed()
    {
        var id = await _spine.EnterpriseAsync(SlaTerms.Default);
        var grain = _spine.Grains.GetGrain<ISlaGrain>(id);
        await _spine.SettledAsync(grain.Wake());   // a reminder service that has just started waits for the clock
        Assert.Equal(NextMonth, await Rows.FindAsync("sla", id, Name, default));
        await RemindsNextMonth(grain);
        return (grain, id);
    }

    /// <summary>Ends the activation; the next one arms what the last one has armed.</summary>
    private async Task Again(ISlaGrain grain)
    {
        await _spine.IdleAsync(grain);
        await _spine.SettledAsync(grain.Wake());
    }

    private async Task RefusingWrites(Func<Task> act)
    {
        string[] ways = ["INSERT", "UPDATE", "DELETE"];
        foreach (var way in ways) await _spine.SqlAsync($"CREATE TRIGGER refuse_{way} BEFORE {way} ON deadline BEGIN SELECT RAISE(ABORT, 'a deadline was written'); END");
        try
        {
            await act();
        }
        finally
        {
            foreach (var way in ways) await _spine.SqlAsync($"DROP TRIGGER refuse_{way}");
        }
    }
}
