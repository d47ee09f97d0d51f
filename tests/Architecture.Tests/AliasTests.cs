using System.Reflection;
using Orleans;
using Orleans.Runtime;

namespace Forge.Architecture.Tests;

/// <summary>Names on the wire and in stored state do not hang on the names of types: every one has an alias.</summary>
public sealed class AliasTests
{
    private static readonly string[] ProjectsWithWireTypes = ["Domain", "Grains.Interfaces", "Grains"];

    public static TheoryData<string> Projects => [.. ProjectsWithWireTypes];

    [Theory]
    [MemberData(nameof(Projects))]
    public void SerializedTypesAndGrainInterfaces_Everywhere_HaveAliases(string project) =>
        Assert.Empty(Missing(Ours(Repository.Load(project).GetTypes())));

    [Fact]
    public void Aliases_OfAllProjects_AreUnique() =>
        Assert.Empty(Repeated(ProjectsWithWireTypes.SelectMany(p => Ours(Repository.Load(p).GetTypes())).Select(Alias)));

    [Fact]
    public void Rule_TypeAndMethodWithoutAlias_AreNamed() =>
        Assert.Equal(
            ["IUnnamed has no alias", "IUnnamed.Unnamed has no alias", "Unnamed has no alias"],
            Missing([typeof(Named), typeof(Unnamed), typeof(INamed), typeof(IUnnamed)]));

    [Fact]
    public void Rule_AliasUsedTwice_IsNamed() => Assert.Equal(["sample.named"], Repeated([Alias(typeof(Named)), Alias(typeof(INamed)), Alias(typeof(Named))]));

    private static string[] Missing(IEnumerable<Type> types) =>
    [
        .. from type in types
           from name in Unaliased(type)
           orderby name
           select name + " has no alias",
    ];

    private static IEnumerable<string> Unaliased(Type type)
    {
        var isGrainInterface = type.IsInterface && typeof(IAddressable).IsAssignableFrom(type);
        if (!isGrainInterface && type.GetCustomAttribute<GenerateSerializerAttribute>(inherit: false) is null) yield break;
        if (Alias(type) is null) yield return type.Name;
        if (!isGrainInterface) yield break;
        foreach (var method in type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            if (method.GetCustomAttribute<AliasAttribute>() is null) yield return $"{type.Name}.{method.Name}";
    }

    private static string[] Repeated(IEnumerable<string?> aliases) =>
        [.. aliases.OfType<string>().GroupBy(a => a).Where(g => g.Count() > 1).Select(g => g.Key).Order(StringComparer.Ordinal)];

    private static string? Alias(Type type) => type.GetCustomAttribute<AliasAttribute>(inherit: false)?.Alias;

    // Orleans' generator puts its own types into these assemblies.
    private static IEnumerable<Type> Ours(IEnumerable<Type> types) => types.Where(t => t.Namespace?.StartsWith("Forge.", StringComparison.Ordinal) == true);

    [GenerateSerializer, Alias("sample.named")]
    internal sealed record Named;

    [GenerateSerializer]
    internal sealed record Unnamed;

    [Alias("sample.inamed")]
    internal interface INamed : IGrainWithStringKey
    {
        [Alias("Named")]
        Task Named();
    }

    internal interface IUnnamed : IGrainWithStringKey
    {
        Task Unnamed();
    }
}
