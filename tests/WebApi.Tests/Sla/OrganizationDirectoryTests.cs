using Forge.WebApi.Sla.Ingest;
using Microsoft.Extensions.Time.Testing;
using static Forge.WebApi.Tests.Sla.Decode;

namespace Forge.WebApi.Tests.Sla;

public sealed class OrganizationDirectoryTests
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.FromUnixTimeMilliseconds(T0));
    private readonly RecordingTarget _target = new(Eu);

    private OrganizationDirectory Directory => field ??= new OrganizationDirectory(_target, _time);

    [Fact]
    public async Task Directory_AskedForWhatItKnows_ReadsOnce()
    {
        await Directory.Learn([Eu]);
        _time.Advance(TimeSpan.FromHours(1));
        await Directory.Learn([Eu]);
        Assert.Equal((true, 1), (Directory.Contains(Eu), _target.Lists));
    }

    [Fact]
    public async Task Directory_AskedAgainForAnUnknown_ReadsAtMostOnceASecond()
    {
        await Directory.Learn([Us, "nonsense"]);
        for (var i = 0; i < 10; i++)
        {
            await Directory.Learn([Us, "nonsense"]);
            _time.Advance(TimeSpan.FromMilliseconds(99));
        }

        Assert.Equal((false, 1), (Directory.Contains(Us), _target.Lists));
        _time.Advance(TimeSpan.FromMilliseconds(10));
        _target.Known.Add(Us);
        await Directory.Learn([Us]);
        Assert.Equal((true, 2), (Directory.Contains(Us), _target.Lists));
    }

    [Fact]
    public async Task Directory_AskedForOneNeverSeen_WaitsForTheNextReading()
    {
        await Directory.Learn([Eu]);
        _target.Known.Add(Us);
        var learning = Directory.Learn([Us]);
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.False(learning.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(2));
        await learning;
        Assert.Equal((true, 2), (Directory.Contains(Us), _target.Lists));
    }

    [Fact]
    public async Task Directory_ThatCannotRead_FaultsAndTriesAgainAtOnce()
    {
        _target.OnList = () => Task.FromException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => Directory.Learn([Eu]));
        _target.OnList = () => Task.CompletedTask;
        await Directory.Learn([Eu]);
        Assert.True(Directory.Contains(Eu));
    }

    [Fact]
    public async Task Directory_AskedByManyAtOnce_ReadsOnceForAll()
    {
        var gate = new TaskCompletionSource();
        _target.OnList = () => gate.Task;
        var asked = Enumerable.Range(0, 20).Select(_ => Directory.Learn([Eu])).ToArray();
        gate.SetResult();
        await Task.WhenAll(asked);
        Assert.Equal(1, _target.Lists);
    }
}
