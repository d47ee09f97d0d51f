using Forge.Dashboard.Sla;
using Forge.Domain.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class MappingFormTests
{
    private static readonly SlaMapping Mapping = new(
        "eu-acme000000", "tenant", ["a", "b"], new BadRule("code", 500, 599), [new("route", "/health")], new CounterPair("all", "failed"), "good", [new("p", 95, "s")], ["up"]);

    private static PutSlaMapping Typed(Action<MappingForm> change)
    {
        var form = MappingForm.Of(Mapping);
        change(form);
        return form.Read().Mapping!;
    }

    [Fact]
    public void Form_OfAMapping_ReadsBackTheSame()
    {
        var back = Typed(_ => { });
        Assert.Equal((Mapping.OrganizationLabel, Mapping.Bad, Mapping.Counters, Mapping.RatioGauge), (back.OrganizationLabel, back.Bad, back.Counters, back.RatioGauge));
        Assert.Equal(Mapping.Histograms, back.Histograms.ToArray());
        Assert.Equal(Mapping.LeftOut, back.LeftOut.ToArray());
        Assert.Equal(Mapping.Percentiles, back.Percentiles.ToArray());
        Assert.Equal(Mapping.Probes, back.Probes.ToArray());
        Assert.Empty(TelemetryWords.Changes(Mapping, back));
    }

    [Fact]
    public void Form_OfTheInitialMapping_HasNothingOptional()
    {
        var back = MappingForm.Of(SlaMapping.Initial).Read().Mapping!;
        Assert.Null(back.Counters);
        Assert.Null(back.RatioGauge);
        Assert.Empty(back.Probes);
        Assert.Empty(TelemetryWords.Changes(SlaMapping.Initial, back));
    }

    [Theory]
    [InlineData("", "599", "bad.from")]
    [InlineData("5x", "599", "bad.from")]
    [InlineData("500", "5,9", "bad.to")]
    [InlineData("500", "99999999999", "bad.to")]
    public void BadRange_ThatIsNoNumber_IsNamed(string from, string to, string field)
    {
        var form = MappingForm.Of(Mapping);
        (form.BadFrom, form.BadTo) = (from, to);
        Assert.Equal((null, field), form.Read());
    }

    [Fact]
    public void BlankLinesAndAHalfPair_AreReadAsTyped()
    {
        var typed = Typed(f => (f.Histograms, f.CounterBad) = ("\n a \r\n\n b", ""));
        Assert.Equal(["a", "b"], typed.Histograms.ToArray());
        // The server says which of the two is missing.
        Assert.Equal(new CounterPair("all", ""), typed.Counters);
        Assert.Null(Typed(f => (f.CounterTotal, f.CounterBad) = (" ", "")).Counters);
    }

    [Fact]
    public void Errors_OfAList_SayTheLineAndTheMember()
    {
        var errors = new Dictionary<string, string>(StringComparer.Ordinal) { ["histograms[1]"] = "repeated", ["leftOut[0].value"] = "required", ["histograms"] = "too_many", ["probes[0]"] = "too_long_or_control" };
        Assert.Equal(["Line 2: This is there twice.", "At most 20."], MappingForm.Wrong(errors, "histograms"));
        Assert.Equal(["Line 1, value: This is needed."], MappingForm.Wrong(errors, "leftOut"));
        Assert.Equal(["Line 1: At most 200 characters, no control characters."], MappingForm.Wrong(errors, "probes"));
        Assert.Empty(MappingForm.Wrong(errors, "bad"));
        Assert.Empty(MappingForm.Wrong(null, "bad"));
    }

    [Fact]
    public void Changes_OfEveryElement_AreSaidInWords()
    {
        var after = Typed(f =>
        {
            (f.OrganizationLabel, f.Histograms, f.BadFrom, f.CounterTotal, f.CounterBad, f.RatioGauge, f.Probes) = ("org", "a\nc", "599", "", "", "share", "");
            f.LeftOut[0].Value = "/ready";
            f.Percentiles[0].Percentile = 99;
        });
        Assert.Equal(
            [
                "The organization is read from org instead of tenant.",
                "c is read as a histogram of request durations.", "b is no longer read: its requests and latency stop counting.",
                "Bad are requests with code = 599 instead of code from 500 to 599.",
                "Series with route = /ready no longer count.", "Series with route = /health count again.",
                "The counters all and failed are no longer read.",
                "share is read as the good share, 0 to 1.", "good is no longer read as the good share.",
                "p is the p99 in s.", "No longer: p is the p95 in s.",
                "up is no longer read as a probe.",
            ],
            TelemetryWords.Changes(Mapping, after).ToArray());
    }

    [Theory]
    [InlineData("7B7D", TrialFormat.Json)]
    [InlineData("0A207B", TrialFormat.Json)]
    [InlineData("757020310A", TrialFormat.Exposition)]
    [InlineData("0A75702031", TrialFormat.Exposition)]
    [InlineData("C3A9203105", TrialFormat.RemoteWrite)]
    [InlineData("0A03120155", TrialFormat.Otlp)]
    [InlineData("1F8B0800", TrialFormat.Otlp)]
    [InlineData("9E01F09D", TrialFormat.RemoteWrite)]
    public void Body_WithoutAName_IsFoundOut(string hex, TrialFormat format) => Assert.Equal(format, TrialBody.Detect(Convert.FromHexString(hex)));

    [Theory]
    [InlineData("7570", TrialFormat.Detect, "text/plain", "")]
    [InlineData("7B7D", TrialFormat.Detect, "application/json", "")]
    [InlineData("7570", TrialFormat.RemoteWrite, "application/x-protobuf", "snappy")]
    [InlineData("1F8B08", TrialFormat.Otlp, "application/x-protobuf", "gzip")]
    [InlineData("1F8B08", TrialFormat.Json, "application/json", "gzip")]
    public void Body_OfAFormat_HasItsHeaders(string hex, TrialFormat format, string type, string encoding)
    {
        using var content = TrialBody.Of(Convert.FromHexString(hex), format);
        Assert.Equal((type, encoding), (content.Headers.ContentType?.MediaType, string.Concat(content.Headers.ContentEncoding)));
    }
}
