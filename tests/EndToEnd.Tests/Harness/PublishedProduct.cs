namespace Forge.EndToEnd.Tests.Harness;

/// <summary>The product as it is shipped: published at most once per test run, dashboard trimmed. <c>FORGE_PUBLISHED</c> names a folder that was published already.</summary>
public sealed class PublishedProduct
{
    private readonly Lazy<Task<string>> _folder = new(PublishAsync);

    /// <summary>Folder with Forge.Silo.dll.</summary>
    public Task<string> FolderAsync() => _folder.Value;

    private static async Task<string> PublishAsync()
    {
        var folder = Environment.GetEnvironmentVariable("FORGE_PUBLISHED") is { Length: > 0 } ready ? Path.GetFullPath(ready, Repository.Root) : null;
        if (folder is null)
        {
            folder = Path.Combine(Repository.Root, "artifacts", "publish");
            await RunningProcess.RunAsync("dotnet publish", "dotnet", ["publish", "src/Silo", "-c", "Release", "-o", folder, "-v", "q", "--nologo"], Repository.Root, TimeSpan.FromMinutes(6));
        }
        return File.Exists(Path.Combine(folder, "Forge.Silo.dll")) ? folder : throw new InvalidOperationException($"There is no Forge.Silo.dll in {folder}.");
    }
}
