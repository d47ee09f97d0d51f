using Forge.WebApi.Sla.Ingest;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Sla;

public sealed class IngestRateTests
{
    private readonly FakeTimeProvider _time = new();

    private IngestRate Rate(int requests = 200, int samples = 100_000) => new(Options.Create(new IngestOptions { RequestsPerSecond = requests, SamplesPerSecond = samples }), _time);

    [Fact]
    public void Requests_UpToTheRate_PassAndOneMoreWaits()
    {
        var rate = Rate(requests: 3);
        Assert.Equal([0, 0, 0, 1], Enumerable.Range(0, 4).Select(_ => rate.TakeRequest("a")));
        Assert.Equal(0, rate.TakeRequest("b"));
        _time.Advance(TimeSpan.FromSeconds(1.0 / 3) + TimeSpan.FromTicks(1));
        Assert.Equal([0, 1], [rate.TakeRequest("a"), rate.TakeRequest("a")]);
    }

    [Fact]
    public void Samples_UpToTheRate_PassAndOneMoreWaits()
    {
        var rate = Rate(samples: 100);
        Assert.Equal([0, 0, 1], [rate.TakeSamples("a", 60), rate.TakeSamples("a", 40), rate.TakeSamples("a", 1)]);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal([1, 0], [rate.TakeSamples("a", 51), rate.TakeSamples("a", 50)]);
    }

    [Fact]
    public void Samples_MoreThanASecondsWorth_PassWhenNothingElseDidAndAreWorkedOff()
    {
        var rate = Rate(samples: 100);
        Assert.Equal([0, 3], [rate.TakeSamples("a", 300), rate.TakeSamples("a", 100)]);
        _time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal(0, rate.TakeSamples("a", 100));
    }
}
