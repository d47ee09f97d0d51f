using Forge.WebApi.Http;

namespace Forge.WebApi.Tests.Http;

public sealed class LogMaskTests
{
    [Theory]
    [InlineData("key fik_0123456789AB_dGhpcyBpcyBhIHNlY3JldA-_x was refused", "key fik_0123456789AB_*** was refused")]
    [InlineData("fsv_0123456789AB_abc", "fsv_0123456789AB_***")]
    [InlineData("Authorization: Bearer ab.cd-_.ef", "Authorization: Bearer ***")]
    [InlineData("authorization: basic YTph", "authorization: basic ***")]
    [InlineData("Cookie: __Host-forge=abc-_1; __Host-forge-csrf=CfDJ8x; other=1", "Cookie: __Host-forge=***; __Host-forge-csrf=***; other=1")]
    [InlineData("forge-local=abc, forge-csrf-local=def forge-display-local=ghi", "forge-local=***, forge-csrf-local=*** forge-display-local=***")]
    [InlineData("Host=db;Username=forge;Password=hunter2;Port=1", "Host=db;Username=forge;Password=***;Port=1")]
    [InlineData("""{"email":"x","password":"correct horse"}""", """{"email":"x","password":"***"}""")]
    [InlineData("""{"a":"{\"password\":\"hunter2\",\"n\":1}"}""", """{"a":"{\"password\":\"***\",\"n\":1}"}""")]
    [InlineData("otpauth://totp/Forge?secret=JBSWY3DPEHPK3PXP&issuer=Forge", "otpauth://totp/Forge?secret=***&issuer=Forge")]
    [InlineData("open http://localhost:5180/invitation#AbC-_9 now", "open http://localhost:5180/invitation#*** now")]
    [InlineData("http://localhost:5180/setup#AbC-_9", "http://localhost:5180/setup#AbC-_9")]
    [InlineData("user ana.maria@mail.example.com", "user a***@mail.example.com")]
    [InlineData("POST /api/organizations failed (0af1)", "POST /api/organizations failed (0af1)")]
    [InlineData("wrong password for user:17", "wrong password for user:17")]
    public void Secrets_OfEveryKind_AreMaskedAndNothingElse(string text, string masked)
    {
        Assert.Equal(masked, LogMask.Secrets(text));
        Assert.Equal(masked, LogMask.Secrets(masked));
    }

    [Theory]
    [InlineData("a\r\n2026-01-01T00:00:00.000Z INF forged", "a\\r\\n2026-01-01T00:00:00.000Z INF forged")]
    [InlineData("tab\there", "tab\\there")]
    [InlineData("\u001b[2J\u0000\u0085\u2028\u202egnp", "\\u001b[2J\\u0000\\u0085\\u2028\\u202egnp")]
    [InlineData("Zürich 😀", "Zürich 😀")]
    public void OneLine_OfAnyText_HasNoBreak(string text, string line) => Assert.Equal(line, LogMask.OneLine(text));
}
