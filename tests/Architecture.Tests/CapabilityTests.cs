using System.Reflection;
using NetArchTest.Rules;

namespace Forge.Architecture.Tests;

/// <summary>The same capability folders in every project, and few arrows between capabilities.</summary>
public sealed class CapabilityTests
{
    private static readonly string[] Capabilities =
        ["Sla", "Incidents", "EmergencyAccess", "Organizations", "Contracts", "Support", "Compliance", "Operations", "Audit", "Live"];

    // Folders that are no capability, by project, each with its reason in ARCHITECTURE.md. A folder that is gone must leave this list.
    private static readonly Dictionary<string, string[]> Others = new()
    {
        ["Domain"] = [],
        ["Grains.Interfaces"] = [],
        ["Grains"] = [],
        ["Storage"] = ["Migrations", "Orleans"],
        ["WebApi"] = ["Http", "Identity", "Keys"],
        ["Dashboard"] = ["Api", "Components", "Format", "Frame", "Identity", "Theme", "wwwroot"],
        ["Silo"] = ["Demo"],
    };

    // Capability -> capability it may import, in Domain.
    private static readonly string[] AllowedImports = ["Live -> Sla", "Sla -> Contracts", "Sla -> Organizations"];

    public static TheoryData<string> Projects => [.. Repository.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Folders_AreCapabilitiesOrWrittenDown(string project) => Assert.Empty(Strangers(Folders(project), Others[project]));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_WrittenDownFolders_AllExist(string project) => Assert.Empty(Others[project].Except(Folders(project)));

    [Theory]
    [MemberData(nameof(Projects))]
    public void Project_Capabilities_AllHaveTheirRulesInDomain(string project) =>
        Assert.Empty(Folders(project).Intersect(Capabilities).Except(Folders("Domain")));

    [Fact]
    public void DomainImports_BetweenCapabilities_AreExactlyTheAllowedOnes() =>
        Assert.Equal(AllowedImports, Imports(Repository.Load("Domain"), "Forge.Domain", Capabilities));

    [Fact]
    public void Rule_UnknownFolder_IsNamed() => Assert.Equal(["Helpers"], Strangers(["Sla", "Helpers", "Identity"], ["Identity"]));

    [Fact]
    public void Rule_ImportInsideAMethodBody_IsNamed() =>
        Assert.Equal(["Sla -> Contracts"], Imports(typeof(Samples.Impure).Assembly, "Forge.Architecture.Tests.Samples", Capabilities));

    private static string[] Strangers(IEnumerable<string> folders, IEnumerable<string> others) => [.. folders.Except(Capabilities).Except(others)];

    private static string[] Folders(string project) =>
    [
        .. Directory.GetDirectories(Path.Combine(Repository.Root, "src", project))
            .Where(d => Directory.EnumerateFiles(d, "*", SearchOption.AllDirectories).Any(f => !f.Contains("node_modules", StringComparison.Ordinal)))
            .Select(d => Path.GetFileName(d)!)
            .Where(name => name is not ("bin" or "obj" or "Properties" or "node_modules" or "data" or "artifacts"))
            .Order(StringComparer.Ordinal),
    ];

    private static string[] Imports(Assembly assembly, string root, string[] capabilities) =>
    [
        .. from importer in capabilities
           from imported in capabilities
           where importer != imported
               && Types.InAssembly(assembly).That().ResideInNamespace($"{root}.{importer}").And().HaveDependencyOn($"{root}.{imported}").GetTypes().Any()
           orderby $"{importer} -> {imported}"
           select $"{importer} -> {imported}",
    ];
}
