using BenchmarkDotNet.Attributes;
using Forge.Domain.Audit;

namespace Forge.Benchmarks;

/// <summary>What a signed actor costs a grain call: signing is done once in some seconds or a request, reading once for each signature; what was read is found again by its text.</summary>
[MemoryDiagnoser]
public class ActorBenchmarks
{
    private static readonly KeyRing Keys = new([new SecretKey("1", [.. Enumerable.Range(0, 32).Select(i => (byte)i)])]);
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly Actor _person = new("user:0198f3c2a7b44c1e9d2f6a5b8c7d6e5f")
    {
        Session = "0198f3c2a7b44c1e9d2f6a5b8c7d6e5f",
        Roles = [Roles.SeniorAdmin],
        Epoch = 7,
        AuthAt = Now,
        Methods = ["passkey"],
        Address = "192.0.2.9",
        RequestId = "4bf92f3577b34da6a3ce929d0e0e4736",
    };

    private readonly Dictionary<string, SignedActor> _known = new(StringComparer.Ordinal);
    private string _token = "";

    /// <summary>Signs once.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _token = ActorToken.Sign(Keys.Current, _person, Now);
        _known[_token] = ActorToken.Read(Keys, _token, Now).Signed!;
    }

    /// <summary>A signature.</summary>
    [Benchmark]
    public string Sign() => ActorToken.Sign(Keys.Current, _person, Now);

    /// <summary>The first call with a signature.</summary>
    [Benchmark]
    public SignedActor? Read() => ActorToken.Read(Keys, _token, Now).Signed;

    /// <summary>Every further one.</summary>
    [Benchmark]
    public ActorFault? ReadAgain() => _known[_token].FaultAt(Now);
}
