using System.Xml.Linq;

namespace Forge.Architecture.Tests;

/// <summary>Who may import whom (ARCHITECTURE.md).</summary>
public sealed class ArrowTests
{
    // Project -> what its compiled code may use. WebApi carries the dashboard's static assets but none of its types.
    private static readonly Dictionary<string, string[]> Code = new()
    {
        ["Domain"] = [],
        ["Grains.Interfaces"] = ["Domain"],
        ["Grains"] = ["Domain", "Grains.Interfaces", "Storage"],
        ["Storage"] = ["Domain"],
        ["WebApi"] = ["Domain", "Grains.Interfaces"],
        ["Dashboard"] = ["Domain"],
        ["Silo"] = ["Domain", "Grains.Interfaces", "Grains", "Storage", "WebApi"],
    };

    [Fact]
    public void CompiledCode_OfEveryProject_FollowsTheArrows() =>
        Assert.Empty(Violations(Repository.Projects.ToDictionary(p => p, p => Ours(Repository.AssemblyReferences(Repository.AssemblyPath(p)))), Code));

    [Fact]
    public void ProjectFiles_OfEveryProject_FollowTheArrows()
    {
        var allowed = new Dictionary<string, string[]>(Code) { ["WebApi"] = [.. Code["WebApi"], "Dashboard"] };
        Assert.Empty(Violations(Repository.Projects.ToDictionary(p => p, p => ProjectReferences(p)), allowed));
    }

    [Fact]
    public void DomainProject_Packages_AreOrleansAttributesOnly() =>
        Assert.Equal(["Microsoft.Orleans.Serialization.Abstractions"], ProjectItems("Domain", "PackageReference"));

    [Fact]
    public void Rule_DomainThatUsesStorage_IsNamed() =>
        Assert.Equal(["Domain -> Storage"], Violations(new Dictionary<string, string[]> { ["Domain"] = ["Storage"], ["Storage"] = ["Domain"] }, Code));

    [Fact]
    public void Rule_WebApiCodeThatUsesDashboardOrGrains_IsNamed() =>
        Assert.Equal(["WebApi -> Dashboard", "WebApi -> Grains"], Violations(new Dictionary<string, string[]> { ["WebApi"] = ["Dashboard", "Domain", "Grains"] }, Code));

    [Fact]
    public void Rule_ProjectNobodyWroteDown_IsNamed() =>
        Assert.Equal(["Billing is not in the list of projects"], Violations(new Dictionary<string, string[]> { ["Billing"] = [] }, Code));

    [Fact]
    public void Repository_SourceFolders_AreExactlyTheProjects() =>
        Assert.Equal(Repository.Projects.Order(StringComparer.Ordinal),
            Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal));

    private static string[] Violations(Dictionary<string, string[]> uses, Dictionary<string, string[]> allowed) =>
    [
        .. from project in uses
           from line in allowed.TryGetValue(project.Key, out var may)
               ? project.Value.Except(may).Select(other => $"{project.Key} -> {other}")
               : [$"{project.Key} is not in the list of projects"]
           orderby line
           select line,
    ];

    private static string[] Ours(IEnumerable<string> assemblies) =>
        [.. assemblies.Where(a => a.StartsWith("Forge.", StringComparison.Ordinal)).Select(a => a["Forge.".Length..])];

    private static string[] ProjectReferences(string project) => [.. ProjectItems(project, "ProjectReference").Select(include => Path.GetFileNameWithoutExtension(include)!)];

    private static string[] ProjectItems(string project, string item) =>
        [.. XDocument.Load(Path.Combine(Repository.Root, "src", project, project + ".csproj")).Descendants(item).Select(e => (string)e.Attribute("Include")!)];
}
