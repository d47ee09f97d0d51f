using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Forge.Architecture.Tests;

/// <summary>The repository as files and the product as compiled assemblies.</summary>
internal static class Repository
{
    /// <summary>The product's projects.</summary>
    public static readonly string[] Projects = ["Domain", "Grains.Interfaces", "Grains", "Storage", "WebApi", "Dashboard", "Silo"];

    /// <summary>The folder of Forge.Orleans.sln.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>Path of a compiled product assembly beside this test.</summary>
    public static string AssemblyPath(string project)
    {
        var path = Path.Combine(AppContext.BaseDirectory, $"Forge.{project}.dll");
        Assert.True(File.Exists(path), $"Forge.{project}.dll is not beside the test: nothing could be checked.");
        return path;
    }

    /// <summary>A product assembly, loaded.</summary>
    public static Assembly Load(string project)
    {
        AssemblyPath(project);
        return Assembly.Load(new AssemblyName("Forge." + project));
    }

    /// <summary>Source files below a folder of the repository, with paths relative to the root; generated and foreign files left out.</summary>
    public static IEnumerable<(string Path, string Text)> Sources(string folder, params string[] extensions)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Root, folder), "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            var path = Path.GetRelativePath(Root, file).Replace('\\', '/');
            if (path.Split('/').Any(part => part is "bin" or "obj" or "node_modules" or "Migrations" or "lib" or "artifacts")) continue;
            if (extensions.Contains(Path.GetExtension(path))) yield return (path, File.ReadAllText(file));
        }
    }

    /// <summary>Names of the assemblies an assembly was compiled against and uses.</summary>
    public static List<string> AssemblyReferences(string path) => Read(path, m => m.AssemblyReferences.Select(h => m.GetString(m.GetAssemblyReference(h).Name)));

    /// <summary>Full names of the foreign types an assembly uses.</summary>
    public static List<string> TypeReferences(string path) => Read(path, m => m.TypeReferences.Select(h => Name(m, h)));

    /// <summary>Foreign members an assembly uses, as <c>Namespace.Type.member</c>.</summary>
    public static List<string> MemberReferences(string path) => Read(path, m => m.MemberReferences
        .Select(m.GetMemberReference)
        .Where(r => r.Parent.Kind == HandleKind.TypeReference)
        .Select(r => Name(m, (TypeReferenceHandle)r.Parent) + "." + m.GetString(r.Name)));

    private static string Name(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        var name = metadata.GetString(type.Name);
        return type.Namespace.IsNil
            ? type.ResolutionScope.Kind == HandleKind.TypeReference ? Name(metadata, (TypeReferenceHandle)type.ResolutionScope) + "." + name : name
            : metadata.GetString(type.Namespace) + "." + name;
    }

    private static List<string> Read(string path, Func<MetadataReader, IEnumerable<string>> read)
    {
        using var file = new PEReader(File.OpenRead(path));
        return [.. read(file.GetMetadataReader())];
    }

    private static string FindRoot(string from)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Forge.Orleans.sln"))) return folder.FullName;
        throw new InvalidOperationException($"No Forge.Orleans.sln above {from}.");
    }
}
