using System.Collections.Immutable;
using System.Net;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Testing;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

public sealed class UserTests
{
    [Fact]
    public async Task Invitation_MakesThePersonWithItsRolesOnce()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var made = await InviteAsync(node, admin, "Bob@example.com", Roles.Responder, Roles.Auditor);
        var token = made.Link.Split("/invitation#")[1];
        var bob = node.Open();
        var seen = await Browser.ReadAsync(await bob.PostAsync("/api/invitations/look", new LinkToken(token)), ForgeJson.Default.LinkView);
        Assert.Equal(("Bob@example.com", false), (seen.Email, seen.ReEnrolment));

        var seed = await EnrolAsync(bob, token);

        var session = await bob.ReadSessionAsync();
        Assert.Equal(("Bob@example.com", "Bob"), (session.Email, session.DisplayName));
        Assert.Equal([Roles.Auditor, Roles.Responder], session.Roles.Order(StringComparer.Ordinal));
        using (var again = await node.Open().PostAsync("/api/invitations/look", new LinkToken(token))) Assert.Equal("link_expired", (await Browser.ProblemOf(again)).Code);
        Assert.True((await node.Open().SignInAsync("bob@example.com", TestNode.Password, seed)).Authenticated);
        var list = await Browser.ReadAsync(await admin.GetAsync("/api/users"), ForgeJson.Default.UsersView);
        Assert.Equal((2, 0, 1), (list.Items.Length, list.Invitations.Length, list.EnabledSeniors));
        Assert.Equal((true, 2), (list.Items.Single(u => u.Email == "Bob@example.com").HasTotp, list.Items.Single(u => u.Email == "Bob@example.com").Sessions));
        using var taken = await CommandAsync(node, admin, "/api/users/invitations", new InviteUser("bob@example.com", [Roles.Auditor], "again"), "user.invite", "user:bob@example.com");
        Assert.Equal("email_taken", (await Browser.ProblemOf(taken)).Code);
    }

    [Fact]
    public async Task Invitation_After24HoursWithdrawnOrByAFormerSenior_IsOver()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var node = await TestNode.StartAsync(time: time);
        await node.AdminAsync();
        var links = node.Services.GetRequiredService<Links>();
        var senior = "user:" + node.Cluster.Principals.Keys.Single();
        var token = await TokenAsync("a@example.com", senior);
        Assert.True(await OpensAsync(token));
        time.Advance(Links.Life - TimeSpan.FromTicks(1));
        Assert.True(await OpensAsync(token));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.False(await OpensAsync(token));

        var second = await TokenAsync("b@example.com", senior);
        var third = await TokenAsync("B@example.com", senior);
        Assert.Equal((false, true), (await OpensAsync(second), await OpensAsync(third)));
        Assert.False(await OpensAsync(await TokenAsync("c@example.com", "user:" + Guid.NewGuid().ToString("N"))));
        Assert.True(await links.CloseAsync((await links.OpenAsync()).Single(i => i.Email == "B@example.com").Id));
        Assert.False(await OpensAsync(third));

        async Task<string> TokenAsync(string email, string by) => (await links.CreateAsync("http://localhost", email, [Roles.Auditor], null, "because", by, Guid.NewGuid().ToString("N"))).Value!.Link.Split('#')[1];

        async Task<bool> OpensAsync(string token)
        {
            time.Advance(TimeSpan.Zero);
            await using var scope = node.Services.CreateAsyncScope();
            return (await scope.ServiceProvider.GetRequiredService<Invitations>().LookAsync(token, default)).Succeeded;
        }
    }

    [Fact]
    public async Task Roles_GrantedByASeniorWithStepUpForExactlyThisRole_AndNeverToOneself()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var me = node.Cluster.Principals.Keys.Single();
        var bob = await MakeAsync(node, admin, "bob@example.com", Roles.Responder);

        var step = await admin.StepUpAsync("user.grant-role", $"user:{bob}:{Roles.Auditor}", node.AdminSeed!);
        using (var other = await admin.SendAsync(HttpMethod.Post, $"/api/users/{bob}/grant-role", StepUpTests.JsonOf(new ChangeRole(Roles.SeniorAdmin, "because")), ("Idempotency-Key", "a"), (StepUpHeader.Name, step)))
            Assert.Equal($"user:{bob}:{Roles.SeniorAdmin}", (await Browser.ProblemOf(other)).Subject);
        var granted = await Browser.ReadAsync(await admin.SendAsync(HttpMethod.Post, $"/api/users/{bob}/grant-role", StepUpTests.JsonOf(new ChangeRole(Roles.Auditor, "because")), ("Idempotency-Key", "b"), (StepUpHeader.Name, step)), ForgeJson.Default.UserView);
        Assert.Equal([Roles.Responder, Roles.Auditor], granted.Roles);

        using var self = await CommandAsync(node, admin, $"/api/users/{me}/grant-role", new ChangeRole(Roles.Auditor, "because"), "user.grant-role", $"user:{me}:{Roles.Auditor}");
        Assert.Equal(("self_change", HttpStatusCode.Forbidden), ((await Browser.ProblemOf(self)).Code, self.StatusCode));
    }

    [Fact]
    public async Task Disable_EndsTheSessionsAtOnce()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var token = (await InviteAsync(node, admin, "bob@example.com", Roles.Auditor)).Link.Split('#')[1];
        var browser = node.Open();
        await EnrolAsync(browser, token);
        var bob = (await browser.ReadSessionAsync()).UserId!;
        using (var disabled = await CommandAsync(node, admin, $"/api/users/{bob}/disable", new ChangeUser("left us"), "user.disable", "user:" + bob)) Assert.Equal(HttpStatusCode.OK, disabled.StatusCode);
        Assert.False((await browser.ReadSessionAsync()).Authenticated);
        Assert.False(node.Cluster.Principals[bob].Enabled);
        Assert.Contains(node.Cluster.Journal, j => j.Action == "session.killed" && j.Subject == "user:" + bob);
    }

    [Fact]
    public async Task ReEnrolment_EndsSessionsAndReplacesEveryFactor()
    {
        await using var node = await TestNode.StartAsync();
        var admin = await node.AdminAsync();
        var browser = node.Open();
        var old = await EnrolAsync(browser, (await InviteAsync(node, admin, "bob@example.com", Roles.Auditor)).Link.Split('#')[1]);
        var bob = (await browser.ReadSessionAsync()).UserId!;
        using var answer = await CommandAsync(node, admin, $"/api/users/{bob}/re-enrol", new ChangeUser("seen in person"), "user.re-enrol", "user:" + bob);
        var link = await Browser.ReadAsync(answer, ForgeJson.Default.CreatedInvitation);
        Assert.False((await browser.ReadSessionAsync()).Authenticated);

        using var passkey = new SoftPasskey(node.Address.GetLeftPart(UriPartial.Authority));
        var token = link.Link.Split('#')[1];
        var begun = await Browser.ReadAsync(await browser.PostAsync("/api/invitations/begin", new BeginEnrolment(token, null, null, FactorKind.Passkey, null)), ForgeJson.Default.EnrolmentBegun);
        var body = StepUpTests.JsonOf(new CompleteEnrolment(token, begun.EnrolmentId, null, passkey.Create(begun.PasskeyOptions!), "Phone"));
        var enrolled = await Browser.ReadAsync(await browser.SendAsync(HttpMethod.Post, "/api/invitations/complete", body, ("Origin", node.Address.GetLeftPart(UriPartial.Authority))), ForgeJson.Default.Enrolled);

        Assert.Equal((bob, "Bob"), (enrolled.Session.UserId, enrolled.Session.DisplayName));
        Assert.Empty(enrolled.RecoveryCodes);
        var account = await Browser.ReadAsync(await browser.GetAsync("/api/account"), ForgeJson.Default.AccountView);
        Assert.Equal((false, false, "Phone"), (account.HasPassword, account.HasTotp, account.Passkeys.Single().Name));
        using var password = await node.Open().PostAsync("/api/auth/password", new SignInRequest("bob@example.com", TestNode.Password));
        Assert.Equal("sign_in_failed", (await Browser.ProblemOf(password)).Code);
        Assert.NotEmpty(old);
    }

    [Theory]
    [InlineData(Roles.PlatformAdmin, HttpStatusCode.OK)]
    [InlineData(Roles.Auditor, HttpStatusCode.OK)]
    [InlineData(Roles.Responder, HttpStatusCode.Forbidden)]
    public async Task People_OthersThanSeniors_ReadAtMost(string role, HttpStatusCode list)
    {
        await using var node = await TestNode.StartAsync();
        await node.AdminAsync();
        var person = await node.DemoAsync(role);
        using var read = await person.GetAsync("/api/users");
        Assert.Equal(list, read.StatusCode);
        using var write = await person.SendAsync(HttpMethod.Delete, $"/api/users/{node.Cluster.Principals.Keys.First()}/sessions", null);
        Assert.Equal("forbidden", (await Browser.ProblemOf(write)).Code);
    }

    private static async Task<string> MakeAsync(TestNode node, Browser admin, string email, params string[] roles)
    {
        var browser = node.Open();
        await EnrolAsync(browser, (await InviteAsync(node, admin, email, roles)).Link.Split('#')[1]);
        return (await browser.ReadSessionAsync()).UserId!;
    }

    private static async Task<CreatedInvitation> InviteAsync(TestNode node, Browser admin, string email, params string[] roles) =>
        await Browser.ReadAsync(await CommandAsync(node, admin, "/api/users/invitations", new InviteUser(email, [.. roles], "joins us"), "user.invite", "user:" + email.ToLowerInvariant()), ForgeJson.Default.CreatedInvitation);

    private static async Task<HttpResponseMessage> CommandAsync<T>(TestNode node, Browser admin, string path, T body, string purpose, string subject) =>
        await admin.SendAsync(HttpMethod.Post, path, StepUpTests.JsonOf(body), ("Idempotency-Key", Guid.NewGuid().ToString("N")), (StepUpHeader.Name, await node.StepUpAsync(admin, purpose, subject)));

    private static async Task<string> EnrolAsync(Browser browser, string token)
    {
        var begun = await Browser.ReadAsync(await browser.PostAsync("/api/invitations/begin", new BeginEnrolment(token, null, "Bob", FactorKind.Totp, TestNode.Password)), ForgeJson.Default.EnrolmentBegun);
        var code = await AuthenticatorApp.Of(begun.Secret!).NextAsync();
        await Browser.ReadAsync(await browser.PostAsync("/api/invitations/complete", new CompleteEnrolment(token, begun.EnrolmentId, code, null, null)), ForgeJson.Default.Enrolled);
        return begun.Secret!;
    }
}
