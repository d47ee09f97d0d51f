using System.Security.Cryptography;
using Forge.WebApi.Keys;

namespace Forge.WebApi.Tests.Keys;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class KeyFolderTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("keys-test-").FullName;

    private string Folder => Path.Combine(_root, "keys");

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Open_FirstStart_MakesPrivateKeysThatStay()
    {
        var first = KeyFolder.Open(Folder, mayMake: true).Secrets("actor").Current;
        var again = KeyFolder.Open(Folder, mayMake: false).Secrets("actor").Current;

        Assert.Equal(32, first.Bytes.Length);
        Assert.Equal(first.Bytes, again.Bytes);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Folder, "actor-1")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
    }

    [Fact]
    public void Signing_FirstStart_MakesAKeyThatSigns()
    {
        var key = KeyFolder.Open(Folder, mayMake: true).Signing("seal").Current;
        using var signer = ECDsa.Create();
        signer.ImportPkcs8PrivateKey(key.Bytes.AsSpan(), out _);
        Assert.True(signer.VerifyData("text"u8, signer.SignData("text"u8, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));
    }

    [Fact]
    public void Open_FolderMissingInACluster_IsRefused() => Assert.Contains("--init-keys", Assert.Throws<KeyFolderException>(() => KeyFolder.Open(Folder, mayMake: false)).Message, StringComparison.Ordinal);

    [Fact]
    public void Secrets_KeyMissingInACluster_IsRefused()
    {
        KeyFolder.Open(Folder, mayMake: true).Secrets("actor");
        Assert.Throws<KeyFolderException>(() => KeyFolder.Open(Folder, mayMake: false).Secrets("kek"));
    }

    [Theory]
    [InlineData("actor-1", UnixFileMode.GroupRead)]
    [InlineData("actor-1", UnixFileMode.OtherWrite)]
    [InlineData("", UnixFileMode.OtherExecute)]
    public void Secrets_OpenToOthers_AreRefused(string name, UnixFileMode more)
    {
        KeyFolder.Open(Folder, mayMake: true).Secrets("actor");
        var path = Path.Combine(Folder, name);
        File.SetUnixFileMode(path, File.GetUnixFileMode(path) | more);
        Assert.Throws<KeyFolderException>(() => KeyFolder.Open(Folder, mayMake: true).Secrets("actor"));
    }

    [Fact]
    public void Secrets_ShortFile_IsRefused()
    {
        KeyFolder.Open(Folder, mayMake: true).Secrets("actor");
        File.WriteAllBytes(Path.Combine(Folder, "actor-1"), new byte[31]);
        Assert.Throws<KeyFolderException>(() => KeyFolder.Open(Folder, mayMake: true).Secrets("actor"));
    }

    [Fact]
    public void Secrets_TwoProcessesAtTheSameMoment_AgreeOnOneKey()
    {
        var folder = KeyFolder.Open(Folder, mayMake: true);
        var rings = new byte[8][];
        Parallel.For(0, rings.Length, i => rings[i] = [.. folder.Secrets("actor").Current.Bytes]);
        Assert.All(rings, r => Assert.Equal(rings[0], r));
        Assert.Single(Directory.GetFiles(Folder, "*actor*"));
    }

    [Fact]
    public void Secrets_RotatedKey_IsCurrentAndTheOldOneStillOpens()
    {
        var folder = KeyFolder.Open(Folder, mayMake: true);
        folder.Secrets("actor");
        File.Copy(Path.Combine(Folder, "actor-1"), Path.Combine(Folder, "actor-2"));
        var ring = folder.Secrets("actor");
        Assert.Equal("2", ring.Current.Id);
        Assert.NotNull(ring.Find("1"));
    }
}
