using Forge.Dashboard.Sla;
using Xunit;

namespace Forge.Dashboard.Tests.Sla;

public sealed class WallLayoutTests
{
    [Theory]
    [InlineData(1, 0, 0)]
    [InlineData(0, 12, 0)]
    [InlineData(7, 33, 0)]
    [InlineData(0, 1_012, 0)]
    [InlineData(27, 865, 120)]
    [InlineData(400, 500, 112)]
    [InlineData(1_012, 0, 0)]
    [InlineData(0, 0, 5_000)]
    public void Wall_WhateverTheCount_FitsWithoutScrolling(int notGood, int good, int noSla)
    {
        var plan = WallLayout.Fit(1_896, 1_000, notGood, good, noSla);
        Assert.InRange(WallLayout.Height(plan), 0, 1_000);
        Assert.Equal(notGood, plan.Focus.Count + plan.Demoted.Count);
        Assert.Equal((good, noSla), (plan.Good.Count, plan.NoSla.Count));
    }

    [Fact]
    public void Wall_With1012Good_UsesNamedCells() => Assert.Equal(TileSize.Compact, WallLayout.Fit(1_896, 1_016, 0, 1_012, 0).Good.Size);

    [Fact]
    public void Wall_WithOneCriticalAmongMany_ShowsItLarge()
    {
        var plan = WallLayout.Fit(1_896, 1_000, 1, 900, 100);
        Assert.True(plan.Focus.Size > plan.Good.Size);
        Assert.True(plan.Focus.Size >= TileSize.Medium);
    }

    [Fact]
    public void Wall_WithTooManyBad_KeepsTheWorstLarge()
    {
        var plan = WallLayout.Fit(1_896, 1_000, 400, 500, 112);
        Assert.InRange(plan.Focus.Count, 1, 399);
        Assert.Equal(TileSize.Compact, plan.Demoted.Size);
    }

    [Fact]
    public void Wall_OnAPhone_KeepsTheNamesOfThoseWithAPromise()
    {
        var plan = WallLayout.Fit(370, 680, 1, 11, 1_000);
        Assert.True(plan.Good.Size >= TileSize.Small);
        Assert.True(plan.Focus.Size >= TileSize.Medium);
        Assert.Equal(1_000, plan.NoSla.Count);
        Assert.Equal(1_012, plan.Groups.Sum(g => g.Count));
        Assert.InRange(WallLayout.Height(plan), 0, 680);
    }

    [Fact]
    public void Wall_OnAPhoneWithManyBad_ShowsTheWorstLargeAndTheOthersWithTheirNames()
    {
        var plan = WallLayout.Fit(366, 633, 12, 0, 1_000);
        Assert.True(plan.Focus is { Size: TileSize.Large, Count: >= 1 });
        Assert.Equal(12, plan.Focus.Count + plan.Demoted.Count);
        Assert.Equal(TileSize.Small, plan.Demoted.Size);
        Assert.InRange(WallLayout.Height(plan), 0, 633);
    }

    [Fact]
    public void Lead_OfAnUnevenBlock_TakesWhatTheLastRowLeaves()
    {
        var block = new WallGroup(TileSize.Huge, 7, 3, 200);
        Assert.Equal(3, block.Lead);
    }
}
