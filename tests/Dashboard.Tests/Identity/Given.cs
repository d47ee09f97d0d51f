using Bunit;
using Forge.Dashboard.Identity;
using Forge.Domain.Audit;
using Microsoft.Extensions.DependencyInjection;

namespace Forge.Dashboard.Tests.Identity;

/// <summary>Answers that tests of identity need, in their usual form.</summary>
internal static class Given
{
    public const string Credential = """{"id":"abc","type":"public-key"}""";

    public static string Session(string role = Roles.SeniorAdmin, bool signedIn = true, bool mustEnrol = false, string csrf = "token-1", string? endsAt = null) => signedIn
        ? $$"""{"authenticated":true,"userId":"ana","email":"ana@acme.example","displayName":"Ana","roles":["{{role}}"],"setupRequired":false,"demo":false,"version":"1","csrfToken":"{{csrf}}","mustEnrol":{{(mustEnrol ? "true" : "false")}}{{(endsAt is null ? "" : $",\"endsAt\":\"{endsAt}\"")}}}"""
        : $$"""{"authenticated":false,"roles":[],"setupRequired":false,"demo":false,"version":"1","csrfToken":"{{csrf}}"}""";

    public static string Problem(string code, string more = "") => $$"""{"type":"/problems/{{code}}","title":"Title of {{code}}","status":422,"detail":"Detail of {{code}}.","code":"{{code}}"{{more}}}""";

    public static string StepUpRequired(string purpose, string subject) => Problem("step_up_required", $",\"purpose\":\"{purpose}\",\"subject\":\"{subject}\",\"maxAgeSeconds\":300");

    public static string StepUpOptions(bool passkey, bool code) =>
        $$"""{"stepUpId":"su-1",{{(passkey ? "\"passkeyOptions\":\"{}\"," : "")}}"code":{{(code ? "true" : "false")}},"expiresAt":"2026-01-01T00:05:00Z"}""";

    public static string StepUpDone => $$"""{"stepUpId":"su-1","validUntil":"2026-01-01T00:05:00Z","session":{{Session(csrf: "token-2")}}}""";

    public static string SessionRow(string id, bool current, string agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", string seen = "2025-12-31T23:58:00Z") =>
        $$"""{"id":"{{id}}","createdAt":"2025-12-31T23:00:00Z","lastSeenAt":"{{seen}}","authenticatedAt":"2025-12-31T23:00:00Z","expiresAt":"2026-01-01T11:00:00Z","address":"10.0.0.{{id.Length}}","agent":"{{agent}}","methods":["pwd","otp"],"current":{{(current ? "true" : "false")}}}""";

    public static string Sessions(params string[] rows) => $$"""{"items":[{{string.Join(',', rows)}}]}""";

    public static string Account(bool totp = true, int codes = 10, bool password = true, string passkeys = "", bool mustEnrol = false) =>
        $$"""{"userId":"ana","email":"ana@acme.example","displayName":"Ana","hasPassword":{{Json(password)}},"hasTotp":{{Json(totp)}},"totpSince":"2025-12-01T00:00:00Z","recoveryCodesLeft":{{codes}},"mustEnrol":{{Json(mustEnrol)}},"passkeys":[{{passkeys}}]}""";

    public static string Passkey(string id, string name) => $$"""{"id":"{{id}}","name":"{{name}}","createdAt":"2025-12-31T00:00:00Z","synced":true}""";

    public static UserView User(string id, string name, bool enabled = true, DateTimeOffset? lockedUntil = null, DateTimeOffset? lastSignInAt = null, params string[] roles) => new(
        id, name.ToLowerInvariant() + "@acme.example", name, enabled, [.. roles], 1, A.Start.AddDays(-30), lastSignInAt, lockedUntil, null, null, 1, true, 0);

    public static string Codes => """{"codes":["0123456789ABCDEFGHJKMNPQ","ZYXWVTSRQPNMKJHGFEDCBA98"]}""";

    /// <summary>The session of the server becomes the page's.</summary>
    public static void SignedIn(this PageContext page, string role = Roles.SeniorAdmin, bool mustEnrol = false, string? endsAt = null)
    {
        page.Answers.Json["/api/session"] = Session(role, mustEnrol: mustEnrol, endsAt: endsAt);
        page.Services.GetRequiredService<SessionState>().LoadAsync().GetAwaiter().GetResult();
    }

    /// <summary>This browser makes and uses passkeys; <paramref name="answer"/> is what the script answers.</summary>
    public static void HasPasskeys(this PageContext page, string answer = Credential)
    {
        page.PasskeyScript.Setup<bool>("available").SetResult(true);
        page.PasskeyScript.Setup<string?>("get", _ => true).SetResult(answer);
        page.PasskeyScript.Setup<string?>("create", _ => true).SetResult(answer);
    }

    private static string Json(bool value) => value ? "true" : "false";
}
