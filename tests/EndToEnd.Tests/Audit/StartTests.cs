using Forge.EndToEnd.Tests.Harness;

namespace Forge.EndToEnd.Tests.Audit;

/// <summary>What the product refuses to start with: it says why in one sentence and ends with 2.</summary>
public sealed class StartTests(PublishedProduct published)
{
    [Theory]
    [InlineData("--urls http://0.0.0.0:0", "plain HTTP is only served on a loopback address")]
    [InlineData("--demo --urls https://0.0.0.0:0", "--demo is refused")]
    [InlineData("--Forge:Log:Format=xml", "text or json")]
    [InlineData("--Forge:Identity:Oidc:Authority=http://login.example --Forge:Identity:Oidc:ClientId=forge", "must be an https address")]
    [InlineData("--Forge:Identity:Oidc:Authority=https://login.example", "needs Authority and ClientId")]
    public Task Start_WithAnUnsafeSetting_IsRefused(string arguments, string says) => RefusedAsync(arguments.Split(' '), says);

    [Theory]
    [InlineData("--Forge:Storage:PostgresConnection=Host=127.0.0.1;Username=forge;Password=changeme", "'changeme', which stands for a secret")]
    [InlineData("--Forge:Storage:PostgresConnection=Host=127.0.0.1;Username=forge;Password=<password>", "'<password>', which stands for a secret")]
    [InlineData("--Forge:Identity:Oidc:ClientSecret=your-secret", "'your-secret', which stands for a secret")]
    [InlineData("--Forge:Identity:Oidc:ClientSecret=aaaaaaaaaaaa", "'aaaaaaaaaaaa', which stands for a secret")]
    public Task Start_WithAPlaceholder_IsRefused(string argument, string says) =>
        RefusedAsync([argument, "--Forge:Identity:Oidc:Authority=https://login.example", "--Forge:Identity:Oidc:ClientId=forge"], says);

    [Fact]
    public async Task Start_WithASecretFile_ReadsItUnlessOthersMay()
    {
        if (OperatingSystem.IsWindows()) return;   // files have other rights there
        var folder = Repository.TemporaryFolder("secrets");
        try
        {
            var file = Path.Combine(folder, "connection");
            await File.WriteAllTextAsync(file, "Host=127.0.0.1;Username=forge;Password=todo\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
            await RefusedAsync(["--Forge:Storage:PostgresConnectionFile=" + file], "chmod o-rwx");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await RefusedAsync(["--Forge:Storage:PostgresConnectionFile=" + file], "'todo', which stands for a secret");
            await RefusedAsync(["--Forge:Storage:PostgresConnectionFile=" + file, "--Forge:Storage:PostgresConnection=Host=127.0.0.1"], "are both set");
            await RefusedAsync(["--Forge:Storage:PostgresConnectionFile=" + file + "-that-is-not-there"], "cannot be read");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task RefusedAsync(string[] arguments, string says)
    {
        var data = Repository.TemporaryFolder("data");
        try
        {
            var (code, output) = await RunningProcess.EndAsync("product", "dotnet", [Path.Combine(await published.FolderAsync(), "Forge.Silo.dll"), "--data", data, "--Forge:Ingest:GrpcPort=0", .. arguments], Repository.Root, TimeSpan.FromSeconds(60));
            Assert.True(code == 2, $"ended with {code}:\n{output}");
            Assert.Contains(says, output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }
}
