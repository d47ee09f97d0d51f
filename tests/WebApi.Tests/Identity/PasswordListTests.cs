using System.Security.Cryptography;
using System.Text;
using Forge.WebApi.Identity;

namespace Forge.WebApi.Tests.Identity;

public sealed class PasswordListTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(257)]
    public void Breached_EveryLineOfTheFile_IsFoundAndNothingElse(int lines)
    {
        var path = Path.GetTempFileName();
        try
        {
            var passwords = Enumerable.Range(0, lines).Select(i => $"a known password {i}").ToArray();
            File.WriteAllLines(path, passwords.Select(p => Hash(p) + ":" + p.Length).Order(StringComparer.Ordinal));
            var breached = new BreachedPasswords(path);
            Assert.All(passwords, p => Assert.True(breached.Contains(p), p));
            Assert.All(Enumerable.Range(lines, 300), i => Assert.False(breached.Contains($"a known password {i}")));
            Assert.Equal("breached", new PasswordRules(breached).RefuseAll("a known password 0", "ana@example.com"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Breached_WithoutAFile_KnowsNothing() => Assert.False(new BreachedPasswords(null).Contains("a known password 0"));

    // SHA-1 as the published lists have it.
    private static string Hash(string password) => Convert.ToHexString(SHA1.HashData(Encoding.UTF8.GetBytes(password)));
}
