namespace Forge.Architecture.Tests;

/// <summary>What rules must not reach for, and which clocks nobody may read. Judged on compiled code, so no spelling escapes.</summary>
public sealed class PurityTests
{
    // A trailing dot means a namespace.
    private static readonly string[] ForbiddenInDomain =
    [
        "System.Threading.", "System.TimeProvider", "System.Random", "System.Diagnostics.Stopwatch", "System.Environment", "System.IO.", "System.Net.",
        "System.Data.", "System.Security.Cryptography.RandomNumberGenerator", "Microsoft.Extensions.",
    ];

    private static readonly string[] ForbiddenMembersInDomain = ["System.Guid.NewGuid", "System.Guid.CreateVersion7", "System.TimeZoneInfo.get_Local"];

    private static readonly string[] BannedClocks =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow",
        "System.Threading.Thread.Sleep",
    ];

    // Type references that compilers write into every assembly of this kind.
    private static readonly string[] WrittenByCompilers = ["System.Threading.Interlocked"];

    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Fact]
    public void Domain_Code_UsesNoTaskClockChanceOrIo()
    {
        var path = Repository.AssemblyPath("Domain");
        Assert.Empty(Impurities(Repository.TypeReferences(path), Repository.MemberReferences(path)));
    }

    [Fact]
    public void Domain_Assemblies_AreTheRuntimeAndOrleansAttributes() =>
        Assert.All(Repository.AssemblyReferences(Repository.AssemblyPath("Domain")),
            name => Assert.True(name.StartsWith("System", StringComparison.Ordinal) || name == "Orleans.Serialization.Abstractions", $"Domain uses {name}."));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Code_ReadsNoBannedClock(string project) =>
        Assert.Empty(Clocks(Repository.MemberReferences(Repository.AssemblyPath(project))));

    [Fact]
    public void Rule_SampleWithTaskClockAndChance_IsNamed()
    {
        var path = typeof(Samples.Impure).Assembly.Location;
        var found = Impurities(Repository.TypeReferences(path), Repository.MemberReferences(path));
        Assert.Contains("System.Threading.Tasks.Task", found);
        Assert.Contains("System.TimeProvider", found);
        Assert.Contains("System.Random", found);
        Assert.Contains("System.Guid.NewGuid", found);
    }

    [Fact]
    public void Rule_SampleThatReadsTheClock_IsNamed() =>
        Assert.Contains("System.DateTime.get_UtcNow", Clocks(Repository.MemberReferences(typeof(Samples.Impure).Assembly.Location)));

    private static List<string> Impurities(IEnumerable<string> types, IEnumerable<string> members) =>
    [
        .. types.Where(t => !WrittenByCompilers.Contains(t) && ForbiddenInDomain.Any(f => f.EndsWith('.') ? t.StartsWith(f, StringComparison.Ordinal) : t == f)),
        .. members.Where(m => ForbiddenMembersInDomain.Contains(m)),
        .. Clocks(members),
    ];

    private static List<string> Clocks(IEnumerable<string> members) => [.. members.Where(m => BannedClocks.Contains(m)).Distinct()];
}
