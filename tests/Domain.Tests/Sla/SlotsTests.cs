using Xunit;
using Forge.Domain.Sla;
using CsCheck;

namespace Forge.Domain.Tests.Sla;

public sealed class SlotsTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(10)]
    [InlineData(15)]
    [InlineData(30)]
    [InlineData(60)]
    [InlineData(300)]
    [InlineData(301)]
    public void Cover_EveryOffset_TilesTimeWithoutHolesOrOverlap(int length)
    {
        for (var offset = 0; offset < 60; offset++)
        {
            var slots = new List<long>();
            for (long from = offset * 1_000; from < 3_000_000; from += length * 1_000)
            {
                var (first, count) = Slots.Cover(from, from + (length * 1_000));
                Assert.InRange(count, 1, (length / 10) + 1);
                for (var i = 0; i < count; i++) slots.Add(first + i);
            }
            var expected = Enumerable.Range((int)slots[0], (int)(slots[^1] - slots[0] + 1)).Select(k => (long)k).ToArray();
            Assert.Equal(expected, slots.Distinct().Order());
            if (length >= 10) Assert.Equal(expected, slots);
        }
    }

    [Theory]
    [InlineData(3, 18, 0, 2)]
    [InlineData(18, 33, 2, 1)]
    [InlineData(33, 48, 3, 2)]
    [InlineData(0, 5, 0, 1)]
    [InlineData(5, 10, 0, 1)]
    [InlineData(5, 15, 1, 1)]
    [InlineData(4, 5, 0, 1)]
    [InlineData(-5, 5, 0, 1)]
    [InlineData(0, 300, 0, 30)]
    public void Cover_KnownIntervals_AreTheSlotsWithTheirMiddleInside(int from, int to, long first, int count) =>
        Assert.Equal((first, count), Slots.Cover(from * 1_000, to * 1_000));

    [Fact]
    public void Part_AnyWholeAndCount_SumsToTheWhole() =>
        Gen.Select(Gen.Long[0, 126_000_000_000], Gen.Int[1, 31]).Sample((whole, count) =>
            Enumerable.Range(0, count).Sum(i => Slots.Part(whole, count, i)) == whole
            && Enumerable.Range(0, count).All(i => Slots.Part(whole, count, i) - (whole / count) is 0 or 1));

    [Fact]
    public void Part_SixtiethsOverUsualCounts_IsExact()
    {
        foreach (var count in new[] { 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 })
            Assert.All(Enumerable.Range(0, count), i => Assert.Equal(7 * 60 / count, Slots.Part(7 * 60, count, i)));
    }

    [Theory]
    [InlineData(100, 10_000, 6_000)]
    [InlineData(100, 9_998, 6_000)]
    [InlineData(150, 15_000, 9_000)]
    [InlineData(300, 29_998, 6_000)]
    [InlineData(50, 5_000, 6_000)]
    [InlineData(600, 60_000, 6_000)]
    public void PerSlot60_AnyLength_IsTheMostOneSlotCanGet(long requests, long lengthMs, long expected) => Assert.Equal(expected, Slots.PerSlot60(requests, lengthMs));
}
