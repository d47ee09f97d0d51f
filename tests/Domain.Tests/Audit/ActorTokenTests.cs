using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain.Audit;
using Xunit;

namespace Forge.Domain.Tests.Audit;

public sealed class ActorTokenTests
{
    private const string Session = "0198f3c2a7b44c1e9d2f6a5b8c7d6e5f";
    private const string ExamplePayload = """{"v":1,"k":"a1","u":"user:ana","s":"0198f3c2a7b44c1e9d2f6a5b8c7d6e5f","e":7,"iat":1772633520,"exp":1772633550}""";
    private const string ExampleMac = "j8m5ZmjX7JEpQPYURsN1LQbF07cvj8Su4YzodV2O-RQ";
    private static readonly SecretKey Key = new("a1", [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);
    private static readonly SecretKey Next = new("a2", [.. Enumerable.Range(100, 32).Select(i => (byte)i)]);
    private static readonly KeyRing Ring = new([Key]);
    private static readonly DateTimeOffset Issued = DateTimeOffset.FromUnixTimeSeconds(1772633520);
    private static readonly Actor Ana = new("user:ana") { Session = Session, Epoch = 7 };

    /// <summary>Tokens that nobody gets in with, each with why.</summary>
    public static TheoryData<string, string?, ActorFault> Refused
    {
        get
        {
            var good = ActorToken.Sign(Key, Ana, Issued);
            var (payload, mac) = (good.Split('.')[0], good.Split('.')[1]);
            return new()
            {
                { "none", null, ActorFault.Missing },
                { "empty", "", ActorFault.Missing },
                { "another MAC", payload + "." + Encode(new byte[32]), ActorFault.WrongMac },
                { "last bit of the MAC", payload + "." + Encode(Flip(Base64Url.DecodeFromChars(mac))), ActorFault.WrongMac },
                { "short MAC", payload + "." + mac[..^3], ActorFault.Malformed },
                { "long MAC", payload + "." + mac + "AAAA", ActorFault.Malformed },
                { "no MAC", payload, ActorFault.Malformed },
                { "empty MAC", payload + ".", ActorFault.Malformed },
                { "no payload", "." + mac, ActorFault.Malformed },
                { "swapped payload", Encode(ExamplePayload.Replace("ana", "eve", StringComparison.Ordinal)) + "." + mac, ActorFault.WrongMac },
                { "MAC without its prefix", payload + "." + Encode(HMACSHA256.HashData(Key.Bytes.AsSpan(), Encoding.ASCII.GetBytes(payload))), ActorFault.WrongMac },
                { "other key of the same id", ActorToken.Sign(Next with { Id = "a1" }, Ana, Issued), ActorFault.WrongMac },
                { "unknown key", ActorToken.Sign(Next, Ana, Issued), ActorFault.UnknownKey },
                { "three parts", good + "." + mac, ActorFault.Malformed },
                { "not base64", "{}.{}", ActorFault.Malformed },
                { "not ASCII", "é" + good, ActorFault.Malformed },
                { "not JSON", Signed("hello"), ActorFault.Malformed },
                { "no object", Signed("[1]"), ActorFault.Malformed },
                { "too deep", Signed(string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200))), ActorFault.Malformed },
                { "version 2", Signed(ExamplePayload.Replace("\"v\":1", "\"v\":2", StringComparison.Ordinal)), ActorFault.Malformed },
                { "no name", Signed(ExamplePayload.Replace("\"u\"", "\"w\"", StringComparison.Ordinal)), ActorFault.Malformed },
                { "name of no kind", Signed(ExamplePayload.Replace("user:ana", "root:ana", StringComparison.Ordinal)), ActorFault.Malformed },
                { "a kind and no name", Signed(ExamplePayload.Replace("user:ana", "user:", StringComparison.Ordinal)), ActorFault.Malformed },
                { "no end", Signed(ExamplePayload.Replace("\"exp\"", "\"end\"", StringComparison.Ordinal)), ActorFault.Malformed },
                { "31 s long", Signed(ExamplePayload.Replace("1772633550", "1772633551", StringComparison.Ordinal)), ActorFault.Malformed },
                { "ends before it begins", Signed(ExamplePayload.Replace("1772633550", "1772633519", StringComparison.Ordinal)), ActorFault.Malformed },
                { "time beyond every calendar", Signed(ExamplePayload.Replace("1772633550", "9223372036854775807", StringComparison.Ordinal)), ActorFault.Malformed },
                { "number as a text", Signed(ExamplePayload.Replace("1772633520", "\"1772633520\"", StringComparison.Ordinal)), ActorFault.Malformed },
                { "huge", new string('A', 1_000_000) + "." + mac, ActorFault.Malformed },
                { "one character too long", new string('A', ActorToken.Longest - mac.Length) + "." + mac, ActorFault.Malformed },
            };
        }
    }

    [Fact]
    public void Sign_WorkedExampleOfTheSpecification_IsEqual() =>
        Assert.Equal(Encode(ExamplePayload) + "." + ExampleMac, ActorToken.Sign(Key, Ana, Issued));

    [Theory]
    [MemberData(nameof(Refused))]
    public void Read_WhatIsNotSignedAndWhole_IsRefused(string what, string? token, ActorFault fault)
    {
        Assert.NotEmpty(what);

        var (signed, found) = ActorToken.Read(Ring, token, Issued);

        Assert.Null(signed);
        Assert.Equal(fault, found);
    }

    [Theory]
    [InlineData(-6, ActorFault.NotYet)]
    [InlineData(-5, null)]
    [InlineData(0, null)]
    [InlineData(30, null)]
    [InlineData(34, null)]
    [InlineData(35, ActorFault.Expired)]
    [InlineData(3_600, ActorFault.Expired)]
    public void Read_SecondsAfterItWasSigned_CountsFor30WithTolerance5(int seconds, ActorFault? fault) =>
        Assert.Equal(fault, ActorToken.Read(Ring, ActorToken.Sign(Key, Ana, Issued), Issued.AddSeconds(seconds)).Fault);

    [Fact]
    public void Read_EverythingAnActorCanSay_ComesBack()
    {
        var actor = new Actor("user:ana")
        {
            Session = Session,
            Roles = ["SeniorAdmin", "Auditor"],
            Epoch = 12,
            AuthAt = Issued.AddMinutes(-3),
            Methods = ["passkey"],
            StepUp = new ActorStepUp("user.invite", "user:bö+<>&'\"@example.com", Issued.AddSeconds(-9), "passkey", "c1", "a1"),
            Address = "2001:db8::1",
            RequestId = "4bf92f3577b34da6a3ce929d0e0e4736",
        };

        var read = ActorToken.Read(Ring, ActorToken.Sign(Key, actor, Issued.AddMilliseconds(999)), Issued).Signed!;

        Assert.Equal((Issued, Issued.AddSeconds(30)), (read.IssuedAt, read.ExpiresAt));
        Assert.Equal(actor.Roles, read.Actor.Roles);
        Assert.Equal(actor.Methods, read.Actor.Methods);
        Assert.Equal(actor with { Roles = [], Methods = [] }, read.Actor with { Roles = [], Methods = [] });
    }

    [Fact]
    public void Read_WhileKeysRotate_TakesBothAndThenOnlyTheNewOne()
    {
        var rotating = new KeyRing([Key, Next]);
        var (old, current) = (ActorToken.Sign(Key, Ana, Issued), ActorToken.Sign(rotating.Current, Ana, Issued));

        Assert.Null(ActorToken.Read(rotating, old, Issued).Fault);
        Assert.Null(ActorToken.Read(rotating, current, Issued).Fault);
        Assert.Equal("a2", rotating.Current.Id);
        Assert.Equal(ActorFault.UnknownKey, ActorToken.Read(new KeyRing([Next]), old, Issued).Fault);
    }

    [Fact]
    public void Read_MemberOfALaterVersion_IsPassedOver() =>
        Assert.Equal("user:ana", ActorToken.Read(Ring, Signed(ExamplePayload.Replace("\"e\":7", "\"e\":7,\"new\":{\"x\":[1]}", StringComparison.Ordinal)), Issued).Signed!.Actor.Name);

    [Theory]
    [InlineData("user:")]
    [InlineData("ana")]
    [InlineData("")]
    public void Sign_NameOfNoKind_Throws(string name) => Assert.Throws<ArgumentException>(() => ActorToken.Sign(Key, new Actor(name), Issued));

    [Fact]
    public void Sign_MoreThanIsRead_Throws() => Assert.Throws<ArgumentException>(() => ActorToken.Sign(Key, Ana with { Address = new string('1', ActorToken.Longest) }, Issued));

    [Theory]
    [InlineData("user:ana", "user:ana", true)]
    [InlineData("user:ana", "user:eve", false)]
    [InlineData("user:ana", "system:sla", false)]
    [InlineData("system:web", "user:ana", false)]
    [InlineData("system:web", "anonymous", false)]
    [InlineData(Actor.Identity, "anonymous", true)]
    [InlineData(Actor.Identity, "user:ana", true)]
    public void MaySpeakFor_StatedActor_IsOnesOwnUnlessNobodyIsSignedIn(string name, string stated, bool may) => Assert.Equal(may, new Actor(name).MaySpeakFor(stated));

    private static string Signed(string payload)
    {
        var text = Encode(payload);
        return text + "." + Encode(HMACSHA256.HashData(Key.Bytes.AsSpan(), Encoding.ASCII.GetBytes("forge-actor-v1." + text)));
    }

    private static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static byte[] Flip(byte[] bytes)
    {
        bytes[^1] ^= 1;
        return bytes;
    }
}
