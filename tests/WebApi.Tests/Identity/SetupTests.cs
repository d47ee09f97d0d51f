using System.Net;
using Forge.Domain.Audit;
using Forge.WebApi.Identity;
using Forge.WebApi.Tests.Host;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Forge.WebApi.Tests.Identity;

public sealed class SetupTests
{
    [Fact]
    public async Task Setup_WithTheLink_MakesTheFirstAdministratorSignsInAndWorksOnce()
    {
        await using var node = await TestNode.StartAsync();
        var token = await TokenAsync(node);
        var browser = node.Open();
        Assert.True((await browser.ReadSessionAsync()).SetupRequired);
        using (var before = await browser.GetAsync("/api/organizations"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, before.StatusCode);
            Assert.Equal("setup_required", (await Browser.ProblemOf(before)).Code);
        }

        var (answer, _) = await browser.SetUpAsync(token);

        Assert.Equal(10, answer.RecoveryCodes.Distinct().Count(c => c.Length == 24));
        Assert.True(answer.Session.Authenticated);
        var session = await browser.ReadSessionAsync();
        Assert.Equal(("ana@example.com", true, false), (session.Email, session.Authenticated, session.SetupRequired));
        Assert.Equal([Roles.SeniorAdmin], session.Roles);
        using (var after = await browser.GetAsync("/api/organizations")) Assert.Equal(HttpStatusCode.OK, after.StatusCode);
        using var again = await node.Open().PostAsync("/api/setup/begin", Request(token) with { Email = "eve@example.com" });
        Assert.Equal("setup_done", (await Browser.ProblemOf(again)).Code);
        Assert.Equal(["setup.intent", "setup.result", "session.signed_in"], node.Cluster.Journal.Select(j => j.Action));
        Assert.False(File.Exists(Path.Combine(node.Directory, SetupService.FileName)));
    }

    [Fact]
    public async Task Setup_WrongToken_IsRefusedAndTheSixthTryMustWait()
    {
        await using var node = await TestNode.StartAsync();
        var token = await TokenAsync(node);
        for (var i = 0; i < 5; i++)
        {
            using var wrong = await node.Open().PostAsync("/api/setup/begin", Request("wrong"));
            Assert.Equal("link_expired", (await Browser.ProblemOf(wrong)).Code);
        }
        using var sixth = await node.Open().PostAsync("/api/setup/begin", Request(token));
        Assert.Equal(HttpStatusCode.TooManyRequests, sixth.StatusCode);
        Assert.NotNull(sixth.Headers.RetryAfter);
        Assert.Empty(node.Cluster.Principals);
    }

    [Fact]
    public async Task Setup_AfterAnHour_TheLinkIsOver()
    {
        await using var node = await TestNode.StartAsync();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var setup = ActivatorUtilities.CreateInstance<SetupService>(node.Services, time, ActivatorUtilities.CreateInstance<ChallengeStore>(node.Services, time));
        var token = (await setup.OpenAsync("http://localhost"))!.Split('#')[1];
        time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        Assert.Null(await setup.RefuseAsync(token));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal("link_expired", (await setup.RefuseAsync(token))!.Code);
    }

    [Fact]
    public async Task Setup_RefusedPassword_DoesNotSpendTheLink()
    {
        await using var node = await TestNode.StartAsync();
        var token = await TokenAsync(node);
        using (var weak = await node.Open().PostAsync("/api/setup/begin", Request(token) with { Password = "short" }))
        {
            Assert.Equal(HttpStatusCode.UnprocessableEntity, weak.StatusCode);
            var problem = await Browser.ProblemOf(weak);
            Assert.Equal(("password_refused", "too_short"), (problem.Code, problem.Errors!["password"]));
        }
        await node.Open().SetUpAsync(token);
    }

    [Fact]
    public async Task Setup_LinkFile_IsPrivate()
    {
        if (OperatingSystem.IsWindows()) return;
        await using var node = await TestNode.StartAsync();
        var token = await TokenAsync(node);
        var file = Path.Combine(node.Directory, SetupService.FileName);
        Assert.Equal(token, await File.ReadAllTextAsync(file));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task Start_WithoutAdministrator_PrintsALinkThatWorks()
    {
        var printed = new FirstLink();
        await using var node = await TestNode.StartAsync(announceTo: printed);
        var link = await printed.Link.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.StartsWith($"http://localhost:{node.Address.Port}/setup#", link, StringComparison.Ordinal);
        Assert.True((await node.Open().SetUpAsync(link.Split('#')[1])).Answer.Session.Authenticated);
    }

    private sealed class FirstLink : ILoggerProvider, ILogger
    {
        private readonly TaskCompletionSource<string> _link = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Link => _link.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (state is IReadOnlyList<KeyValuePair<string, object?>> values && values.FirstOrDefault(v => v.Key == "SetupLink").Value is string link) _link.TrySetResult(link);
        }

        public void Dispose()
        {
        }
    }

    private static async Task<string> TokenAsync(TestNode node) => (await node.Services.GetRequiredService<SetupService>().OpenAsync("http://localhost"))!.Split('#')[1];

    private static BeginEnrolment Request(string token) => new(token, "ana@example.com", "Ana", FactorKind.Totp, TestNode.Password);
}
