using System.Reflection;
using Forge.Domain;
using Forge.Grains.Interfaces;
using Orleans;

namespace Forge.Architecture.Tests;

/// <summary>What a web node calls is marked for clients, and whoever is named in a call is compared with its signed actor.</summary>
public sealed class ClientCallableTests
{
    private static readonly Type[] Interfaces = [.. Repository.Load("Grains.Interfaces").GetTypes().Where(t => t.IsInterface && typeof(IGrain).IsAssignableFrom(t) && t.Namespace?.StartsWith("Forge.", StringComparison.Ordinal) == true)];

    [Fact]
    public void GrainInterfaces_ThatTheWebApiUses_AreForClients()
    {
        var used = Used(Repository.TypeReferences(Repository.AssemblyPath("WebApi")));

        Assert.NotEmpty(used);
        Assert.Empty(Unmarked(used));
    }

    [Fact]
    public void GrainInterfaces_OfTheSilosOwnWork_AreNot() =>
        Assert.Empty(new[] { typeof(IOutboxGrain), typeof(IDeadlineSweepGrain), typeof(IDeadlineTarget) }.Except(Interfaces.Where(i => !IsForClients(i))));

    [Fact]
    public void GrainMethods_WithAnActorByName_LetItBeCompared() => Assert.Empty(Trusting(Interfaces));

    [Fact]
    public void Rule_InterfaceWithoutTheMark_IsNamed() => Assert.Equal(["IOutboxGrain"], Unmarked([typeof(IOutboxGrain), .. Interfaces.Where(IsForClients).Take(1)]));

    [Fact]
    public void Rule_ActorThatNobodyCompares_IsNamed() => Assert.Equal(["ITrusting.Append"], Trusting([typeof(ITrusting)]));

    private static Type[] Used(IEnumerable<string> references) => [.. references.Distinct().Select(name => Interfaces.FirstOrDefault(i => i.FullName == name)).OfType<Type>()];

    private static bool IsForClients(Type type) => type.IsDefined(typeof(ClientCallableAttribute), inherit: false);

    private static string[] Unmarked(IEnumerable<Type> types) => [.. types.Where(t => !IsForClients(t)).Select(t => t.Name)];

    private static string[] Trusting(IEnumerable<Type> types) =>
    [
        .. from type in types
           from method in type.GetMethods()
           where method.GetParameters().Any(p => p.Name!.Contains("actor", StringComparison.OrdinalIgnoreCase) && p.ParameterType != typeof(CommandContext) && !p.IsDefined(typeof(StatesActorAttribute)))
           select $"{type.Name}.{method.Name}",
    ];

    internal interface ITrusting
    {
        Task Append(string actor);
    }
}
