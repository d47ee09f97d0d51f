using System.Collections.Immutable;
using Forge.Domain.Contracts;
using Xunit;

namespace Forge.Domain.Tests.Contracts;

/// <summary>Rules: organizations-contracts.md 3. Today is 2026-06-15.</summary>
public sealed class ContractDecisionsTests
{
    private const string Id = "0198f3c2a7b44c1e9d2f6a5b8c7d6e5f";
    private static readonly DateTimeOffset Now = new(2026, 6, 15, 9, 0, 0, TimeSpan.Zero);
    private static readonly DateOnly Today = new(2026, 6, 15);
    private static readonly SlaTerms Stricter = SlaTerms.Default with { Uptime = new UptimeTerms(999_900) };

    [Theory]
    [InlineData(null, "draft", "accepted")]
    [InlineData(null, "edit", "not_found")]
    [InlineData(null, "sign", "not_found")]
    [InlineData(null, "amend", "not_found")]
    [InlineData(ContractStatus.DRAFT, "draft", "contract_exists")]
    [InlineData(ContractStatus.DRAFT, "edit", "accepted")]
    [InlineData(ContractStatus.DRAFT, "sign", "accepted")]
    [InlineData(ContractStatus.DRAFT, "amend", "contract_not_signed")]
    [InlineData(ContractStatus.SCHEDULED, "draft", "contract_exists")]
    [InlineData(ContractStatus.SCHEDULED, "edit", "contract_signed")]
    [InlineData(ContractStatus.SCHEDULED, "sign", "unchanged")]
    [InlineData(ContractStatus.SCHEDULED, "amend", "accepted")]
    [InlineData(ContractStatus.ACTIVE, "draft", "contract_exists")]
    [InlineData(ContractStatus.ACTIVE, "edit", "contract_signed")]
    [InlineData(ContractStatus.ACTIVE, "sign", "unchanged")]
    [InlineData(ContractStatus.ACTIVE, "amend", "accepted")]
    [InlineData(ContractStatus.EXPIRED, "draft", "contract_exists")]
    [InlineData(ContractStatus.EXPIRED, "edit", "contract_signed")]
    [InlineData(ContractStatus.EXPIRED, "sign", "contract_signed")]
    [InlineData(ContractStatus.EXPIRED, "amend", "contract_closed")]
    public void Command_InEveryStatus_FollowsTheTable(ContractStatus? status, string command, string expected)
    {
        var state = status switch
        {
            ContractStatus.DRAFT => Draft(new DateOnly(2026, 7, 1)),
            ContractStatus.SCHEDULED => Signed(new DateOnly(2026, 7, 1)),
            ContractStatus.ACTIVE => Signed(new DateOnly(2026, 1, 1)),
            ContractStatus.EXPIRED => Signed(new DateOnly(2025, 6, 15)),
            _ => null,
        };
        Assert.Equal(status, state?.StatusOn(Today));

        var decision = command switch
        {
            "draft" => ContractDecisions.Draft(state, new DraftContract("eu-7k3m9q2v4x", new DateOnly(2026, 7, 1), 12, "UTC", SlaTerms.Default), Id),
            "edit" => ContractDecisions.Edit(state, new EditContract(new DateOnly(2026, 8, 1), 24, "Europe/Warsaw", Stricter)),
            "sign" => ContractDecisions.Sign(state, new SignContract(Today), "C-2026-0001", [], "user:ana", Today, Now),
            _ => ContractDecisions.Amend(state, new AmendContract(new DateOnly(2026, 9, 1), Stricter, null), "user:ana", Today, Now),
        };

        Assert.Equal(expected, Verdict.Of(decision));
        if (status is { } s && command is "edit" or "amend") Assert.Equal(expected == "accepted", ContractDecisions.Allowed(state!.StatusOn(Today)).Contains(command));
    }

    [Fact]
    public void Events_AppliedInOrder_BuildTheContract()
    {
        Contract? state = null;
        Apply(ContractDecisions.Draft(state, new DraftContract("eu-7k3m9q2v4x", new DateOnly(2026, 7, 1), 12, "UTC", SlaTerms.Default), Id));
        Apply(ContractDecisions.Edit(state, new EditContract(new DateOnly(2026, 8, 1), 24, "Europe/Warsaw", Stricter)));
        Assert.Equal((new DateOnly(2026, 8, 1), 24, "Europe/Warsaw", Stricter, null, 0), (state!.StartDate, state.ContractTermMonths, state.Zone, state.DraftTerms, state.Number, state.Versions.Length));
        Apply(ContractDecisions.Sign(state, new SignContract(Today), "C-2026-0001", [], "user:ana", Today, Now));
        Assert.Equal(("C-2026-0001", Today), (state.Number, state.SignedOn));
        Assert.Equal(new ContractVersion(1, ContractVersionKind.INITIAL, new DateOnly(2026, 8, 1), Stricter, null, "user:ana", Now), Assert.Single(state.Versions));
        Apply(ContractDecisions.Amend(state, new AmendContract(new DateOnly(2026, 9, 1), SlaTerms.Default, "relaxed"), "user:eva", Today, Now));
        Assert.Equal(new ContractVersion(2, ContractVersionKind.AMENDMENT, new DateOnly(2026, 9, 1), SlaTerms.Default, "relaxed", "user:eva", Now), state.Versions[1]);

        void Apply(Decision<ContractEvent> decision) => state = Contract.Apply(state, Assert.Single(Assert.IsType<Decision<ContractEvent>.Accepted>(decision).Events));
    }

    [Theory]
    [InlineData(100L, "EUR", null, null)]
    [InlineData(99_999_999_999L, "USD", null, null)]
    [InlineData(null, "USD", null, null)]
    [InlineData(99L, "USD", "annualValueCents", "out_of_range")]
    [InlineData(100_000_000_000L, "USD", "annualValueCents", "out_of_range")]
    [InlineData(-1L, "USD", "annualValueCents", "out_of_range")]
    [InlineData(100L, "eur", "currency", "currency_unknown")]
    [InlineData(100L, "EURO", "currency", "currency_unknown")]
    [InlineData(100L, "", "currency", "currency_unknown")]
    [InlineData(100L, null, "currency", "currency_unknown")]
    public void Money_OfADraft_HasItsLimits(long? cents, string? currency, string? field, string? code)
    {
        var draft = ContractDecisions.Draft(null, new DraftContract("eu-7k3m9q2v4x", Today, 12, "UTC", SlaTerms.Default, currency!, cents), Id);
        var edit = ContractDecisions.Edit(Draft(Today), new EditContract(Today, 36, "UTC", SlaTerms.Default, currency!, cents));
        FieldError[] expected = field is null ? [] : [new(field, code!)];
        Assert.Equal(expected, (draft as Decision<ContractEvent>.Refused)?.Refusal.Fields ?? []);
        Assert.Equal(expected, (edit as Decision<ContractEvent>.Refused)?.Refusal.Fields ?? []);
    }

    [Fact]
    public void Money_FromDraftToAmendment_StaysAndIsHiddenWhole()
    {
        Contract? state = null;
        Apply(ContractDecisions.Draft(state, new DraftContract("eu-7k3m9q2v4x", Today, 12, "UTC", SlaTerms.Default, "EUR", 15_000_000), Id));
        Apply(ContractDecisions.Edit(state, new EditContract(Today, 12, "UTC", SlaTerms.Default, "CHF", 16_000_000)));
        Apply(ContractDecisions.Sign(state, new SignContract(Today), "C-2026-0001", [], "user:ana", Today, Now));
        Apply(ContractDecisions.Amend(state, new AmendContract(new DateOnly(2026, 7, 1), Stricter, null), "user:ana", Today, Now));
        Assert.Equal("CHF", state!.Currency);
        Assert.All(state.Versions, v => Assert.Equal(16_000_000, v.AnnualValueCents));

        var view = new ContractView(state, ContractStatus.ACTIVE, state.TermEnd, Today, state.VersionOn(Today), 4, []);
        Assert.Equal(16_000_000, view.AnnualValueCents);
        var hidden = view.WithoutMoney();
        Assert.True(hidden.Redacted);
        Assert.Null(hidden.AnnualValueCents);
        Assert.DoesNotContain("16000000", System.Text.Json.JsonSerializer.Serialize(hidden, ForgeJson.Default.ContractView), StringComparison.Ordinal);

        void Apply(Decision<ContractEvent> decision) => state = Contract.Apply(state, Assert.Single(Assert.IsType<Decision<ContractEvent>.Accepted>(decision).Events));
    }

    [Theory]
    [InlineData("2026-01-01", "2026-06-15", "2026-06-01", "amendment_date")]
    [InlineData("2026-01-01", "2026-06-15", "2026-06-14", "amendment_date")]
    [InlineData("2026-01-01", "2026-06-15", "2026-06-15", "sla_terms_must_start_at_month")]
    [InlineData("2026-01-01", "2026-06-15", "2026-07-01", "accepted")]
    [InlineData("2026-01-01", "2026-06-15", "2026-07-02", "sla_terms_must_start_at_month")]
    [InlineData("2026-01-01", "2026-06-01", "2026-06-01", "accepted")]
    [InlineData("2026-01-01", "2026-06-15", "2026-12-01", "accepted")]
    [InlineData("2026-01-01", "2026-06-15", "2027-01-01", "amendment_date")]
    [InlineData("2026-07-15", "2026-06-15", "2026-07-01", "amendment_date")]
    [InlineData("2026-07-15", "2026-06-15", "2026-08-01", "accepted")]
    [InlineData("2025-06-16", "2026-06-15", "2026-07-01", "amendment_date")]
    [InlineData("2025-06-15", "2026-06-15", "2026-07-01", "contract_closed")]
    public void Amend_OnADate_TakesEffectAtAMonthInsideTheTermFromToday(string start, string today, string from, string expected)
    {
        var decision = ContractDecisions.Amend(Signed(Day(start)), new AmendContract(Day(from), Stricter, null), "user:ana", Day(today), Now);
        Assert.Equal(expected, Verdict.Of(decision));
    }

    [Fact]
    public void Amend_ToTheTermsInForce_ChangesNothing()
    {
        var state = Signed(new DateOnly(2026, 1, 1));
        Assert.Equal("unchanged", Verdict.Of(ContractDecisions.Amend(state, new AmendContract(new DateOnly(2026, 7, 1), SlaTerms.Default, "x"), "user:ana", Today, Now)));
        Assert.Equal("validation_failed", Verdict.Of(ContractDecisions.Amend(state, new AmendContract(new DateOnly(2026, 7, 1), SlaTerms.Default with { Uptime = new UptimeTerms(1_000_000) }, "x"), "user:ana", Today, Now)));
    }

    [Theory]
    [InlineData("2025-07-01", "2026-07-01", "accepted")]
    [InlineData("2025-07-01", "2026-07-02", "contract_overlap")]
    [InlineData("2026-08-01", "2026-09-01", "contract_overlap")]
    [InlineData("2026-01-01", "2028-01-01", "contract_overlap")]
    [InlineData("2027-06-30", "2028-06-30", "contract_overlap")]
    [InlineData("2027-07-01", "2028-07-01", "accepted")]
    public void Sign_BesideAnotherSignedContract_NeedsDisjointDays(string from, string to, string expected)
    {
        var others = ImmutableArray.Create((new DateOnly(2020, 1, 1), new DateOnly(2021, 1, 1)), (Day(from), Day(to)));
        Assert.Equal(expected, Verdict.Of(ContractDecisions.Sign(Draft(new DateOnly(2026, 7, 1)), new SignContract(Today), "C-2026-0001", others, "user:ana", Today, Now)));
    }

    [Theory]
    [InlineData(12, "UTC", 999_500, "accepted", "")]
    [InlineData(24, "UTC", 999_500, "accepted", "")]
    [InlineData(36, "Asia/Kathmandu", 999_999, "accepted", "")]
    [InlineData(11, "UTC", 999_500, "validation_failed", "contractTermMonths:out_of_range")]
    [InlineData(0, "", 1_000_000, "validation_failed", "contractTermMonths:out_of_range slaTerms.uptime.targetPpm:target_unreachable zone:zone_unknown")]
    public void DraftAndEdit_WithFields_AreValidatedAlike(int months, string zone, int targetPpm, string expected, string fields)
    {
        var terms = SlaTerms.Default with { Uptime = new UptimeTerms(targetPpm) };
        var drafted = ContractDecisions.Draft(null, new DraftContract("eu-7k3m9q2v4x", Today, months, zone, terms), Id);
        var edited = ContractDecisions.Edit(Draft(new DateOnly(2026, 7, 1)), new EditContract(Today, months, zone, terms));

        Assert.Equal((expected, expected), (Verdict.Of(drafted), Verdict.Of(edited)));
        if (fields.Length > 0) Assert.Equal((fields, fields), (Verdict.Fields(drafted), Verdict.Fields(edited)));
    }

    [Fact]
    public void Edit_ToWhatItIs_ChangesNothing()
    {
        var state = Draft(new DateOnly(2026, 7, 1));
        Assert.Equal("unchanged", Verdict.Of(ContractDecisions.Edit(state, new EditContract(state.StartDate, 12, "UTC", SlaTerms.Default with { }))));
    }

    private static Contract Draft(DateOnly start) => new(Id, "eu-7k3m9q2v4x", null, start, 12, "UTC", SlaTerms.Default, null, []);

    private static Contract Signed(DateOnly start) => Draft(start) with
    {
        Number = "C-2026-0001",
        SignedOn = start,
        Versions = [new ContractVersion(1, ContractVersionKind.INITIAL, start, SlaTerms.Default, null, "user:ana", Now)],
    };

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd");
}
