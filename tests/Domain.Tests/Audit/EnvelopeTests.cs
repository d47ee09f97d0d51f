using System.Collections.Immutable;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class EnvelopeTests
{
    private const string Place = "emergency_access|justification|0198f3c2a7b44c1e9d2f6a5b8c7d6e5f";
    private const string Text = "Customer reported data loss in invoices since 09:00";
    private const string Example = "v1.d1.AAECAwQFBgcICQoL.BHelb6qIp2mtM_L73psMCOf241WEGn8QVxSWpXQHINtvZsGVzKRhuAfNEY7tpxgB1GlQiXxGY70Sb0awtRPFMBiLSw";
    private static readonly SecretKey Key = new("d1", Counting(32));

    [Fact]
    public void Seal_WorkedExampleOfTheSpecification_IsEqual() => Assert.Equal(Example, Envelope.Seal(Key, Counting(12).AsSpan(), Place, Text));

    [Fact]
    public void Open_WhatWasSealed_IsTheText() => Assert.Equal(Text, Envelope.Open(Key, Place, Example));

    [Fact]
    public void Open_MovedToAnotherRow_IsRefused() => Assert.Null(Envelope.Open(Key, Place.Replace("5f", "60", StringComparison.Ordinal), Example));

    [Fact]
    public void Open_WithAnotherKeyOfTheSameId_IsRefused() => Assert.Null(Envelope.Open(new SecretKey("d1", Counting(33).RemoveAt(0)), Place, Example));

    [Fact]
    public void Open_WithAnotherId_IsRefused() => Assert.Null(Envelope.Open(Key with { Id = "d2" }, Place, Example));

    [Theory]
    [InlineData("")]
    [InlineData("plain text")]
    [InlineData("v2.d1.AAECAwQFBgcICQoL.BHelb6qIp2mtM_L73psMCA")]
    [InlineData("v1.d1.AAECAwQFBgcICQoL.")]
    [InlineData("v1.d1.AAEC.BHelb6qIp2mtM_L73psMCOf241WEGn8QVxSWpXQHINtv")]
    [InlineData("v1.d1.AAECAwQFBgcICQoL.!!!!")]
    public void Open_NoEnvelope_IsRefused(string text) => Assert.Null(Envelope.Open(Key, Place, text));

    [Fact]
    public void Open_AnyCharacterChangedOrCutOff_IsRefused()
    {
        for (var i = Example.LastIndexOf('.') + 1; i < Example.Length - 1; i++)
        {
            var other = Example[i] == 'A' ? 'B' : 'A';
            Assert.Null(Envelope.Open(Key, Place, Example[..i] + other + Example[(i + 1)..]));
            Assert.Null(Envelope.Open(Key, Place, Example[..i]));
        }
    }

    [Fact]
    public void KeyIdOf_NamesTheKey()
    {
        Assert.Equal("d1", Envelope.KeyIdOf(Example));
        Assert.Null(Envelope.KeyIdOf("plain.text"));
    }

    [Fact]
    public void Ring_TenthKey_IsNewerThanTheSecond()
    {
        var ring = new KeyRing([new("10", Counting(32)), new("2", Counting(32)), new("1", Counting(32))]);
        Assert.Equal("10", ring.Current.Id);
        Assert.Equal("2", ring.Find("2")?.Id);
        Assert.Null(ring.Find("3"));
    }

    [Fact]
    public void Key_WrittenAsText_IsItsId() => Assert.Equal("d1", $"{Key}");

    private static ImmutableArray<byte> Counting(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)i)];
}
