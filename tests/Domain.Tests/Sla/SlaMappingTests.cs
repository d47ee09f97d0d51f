using Forge.Domain.Contracts;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Domain.Tests.Sla;

public sealed class SlaMappingTests
{
    private const string Id = "eu-7k3m9q2v4x";
    private static readonly PutSlaMapping Good = new("organization_id", ["http.server.request.duration"], new BadRule("http.response.status_code", 500, 599), []);

    private static string Decide(PutSlaMapping command, UptimeFormula? formula = null, SlaMapping? state = null) => SlaMappingDecisions.Put(state, Id, command, formula) switch
    {
        Decision<SlaMappingEvent>.Accepted accepted => SlaMapping.Apply(state, Assert.Single(accepted.Events)) is { Id: Id } ? "accepted" : "accepted for somebody else",
        Decision<SlaMappingEvent>.Unchanged => "unchanged",
        Decision<SlaMappingEvent>.Refused { Refusal: var refusal } => refusal.Fields.IsEmpty ? refusal.Code : string.Join(' ', refusal.Fields.Select(f => $"{f.Field}={f.Code}")),
        _ => "?",
    };

    public static TheoryData<PutSlaMapping, string> Commands => new()
    {
        { Good, "accepted" },
        { Good with { OrganizationLabel = " " }, "organizationLabel=required" },
        { Good with { OrganizationLabel = new string('a', 201) }, "organizationLabel=too_long_or_control" },
        { Good with { Histograms = [] }, "histograms=required" },
        { Good with { Histograms = [], Counters = new("total", "bad") }, "accepted" },
        { Good with { Histograms = [], Probes = ["up"] }, "accepted" },
        { Good with { Histograms = ["a.b", "a_b"] }, "histograms[1]=repeated" },
        { Good with { Counters = new("x", "x") }, "counters.bad=repeated" },
        { Good with { Histograms = [.. Enumerable.Range(0, 21).Select(i => $"h{i}")] }, "histograms=too_many" },
        { Good with { Bad = new("s", -1, 5) }, "bad.from=out_of_range" },
        { Good with { Bad = new("s", 5, 4) }, "bad.to=out_of_range" },
        { Good with { Bad = new("s", 5, 5) }, "accepted" },
        { Good with { LeftOut = [new("route", "")] }, "leftOut[0].value=required" },
        { Good with { Percentiles = [new("p", 90, "s")] }, "percentiles[0].percentile=unknown" },
        { Good with { Percentiles = [new("p", 99, "min")] }, "percentiles[0].unit=unknown" },
        { Good with { RatioGauge = "a\nb" }, "ratioGauge=too_long_or_control" },
    };

    [Theory]
    [MemberData(nameof(Commands))]
    public void Mapping_OfAForm_IsAcceptedOrNamesItsField(PutSlaMapping command, string outcome) => Assert.Equal(outcome, Decide(command));

    [Theory]
    [InlineData(UptimeFormula.RequestRatio, "formula_needs_counts")]
    [InlineData(UptimeFormula.TimeSlices, "accepted")]
    [InlineData(null, "accepted")]
    public void RatioGaugeAlone_UnderAFormula_NeedsCountsForRequestRatio(UptimeFormula? formula, string outcome)
    {
        Assert.Equal(outcome, Decide(Good with { Histograms = [], RatioGauge = "availability" }, formula));
        Assert.Equal("accepted", Decide(Good with { RatioGauge = "availability" }, formula));
    }

    [Fact]
    public void Mapping_PutTwice_ChangesOnce()
    {
        var accepted = Assert.IsType<Decision<SlaMappingEvent>.Accepted>(SlaMappingDecisions.Put(null, Id, Good, null));
        var state = SlaMapping.Apply(null, accepted.Events[0]);
        Assert.Equal("unchanged", Decide(Good, state: state));
        Assert.Equal("accepted", Decide(Good with { Probes = ["up"] }, state: state));
    }

    [Fact]
    public void Initial_IsValidItself()
    {
        var initial = SlaMapping.Initial;
        Assert.Equal("accepted", Decide(new PutSlaMapping(initial.OrganizationLabel, initial.Histograms, initial.Bad, initial.LeftOut)));
    }
}
