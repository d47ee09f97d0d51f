using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Testing;
using Forge.WebApi.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Forge.WebApi.Tests.Host;

/// <summary>A web node on a loopback port with its own data directory and a cluster in memory.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string Password = "correct horse battery";

    private readonly WebApplication _app;
    private readonly string _directory;

    private TestNode(WebApplication app, FakeCluster cluster, string directory)
    {
        (_app, Cluster, _directory) = (app, cluster, directory);
        Address = new Uri(app.Urls.First());
    }

    public FakeCluster Cluster { get; }

    public Uri Address { get; }

    public string Directory => _directory;

    public IServiceProvider Services => _app.Services;

    public static async Task<TestNode> StartAsync(Action<WebApiOptions>? configure = null, TimeProvider? time = null, Action<WebApplication>? map = null, ILoggerProvider? announceTo = null, Action<IServiceCollection>? services = null)
    {
        var directory = System.IO.Directory.CreateTempSubdirectory("webapi-test-").FullName;
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var cluster = new FakeCluster();
        builder.Services.AddSingleton<IGrainFactory>(cluster);
        if (time is not null) builder.Services.AddSingleton(time);
        services?.Invoke(builder.Services);
        var options = new WebApiOptions { DataDirectory = directory, ServeDashboard = false };
        configure?.Invoke(options);
        builder.AddForgeWebApi(options);
        // A test opens its own setup link; the announcer would replace it at a moment of its own.
        if (announceTo is not null) builder.Logging.AddProvider(announceTo);
        else builder.Services.Remove(builder.Services.Single(s => s.ImplementationType?.Name == "SetupAnnouncer"));
        var app = builder.Build();
        await IdentityDatabase.MigrateAsync(app.Services);
        app.MapForgeWebApi();
        map?.Invoke(app);
        await app.StartAsync();
        return new TestNode(app, cluster, directory);
    }

    /// <summary>Nobody's browser.</summary>
    public Browser Open() => new(this);

    /// <summary>Seed of the first administrator's authenticator app, once there is one.</summary>
    public string? AdminSeed { get; private set; }

    /// <summary>A browser signed in as the first administrator (made by setup when there is none).</summary>
    public async Task<Browser> AdminAsync()
    {
        var browser = Open();
        if (await Services.GetRequiredService<SetupService>().OpenAsync(Address.ToString()) is { } link) AdminSeed = (await browser.SetUpAsync(link.Split('#')[1])).Seed;
        else await browser.SignInAsync("ana@example.com", Password, AdminSeed!);
        await browser.ReadSessionAsync();
        return browser;
    }

    /// <summary>A browser signed in as a demo person of this role.</summary>
    public async Task<Browser> DemoAsync(string role)
    {
        var person = (await DemoUsers.EnsureAsync(Services, _directory)).Single(p => p.Role == role);
        var browser = Open();
        await browser.SignInAsync(person.Email, person.Password, person.TotpSecret);
        await browser.ReadSessionAsync();
        return browser;
    }

    /// <summary>A step-up that was proved, without spending one of the app's steps: the ceremony itself has tests of its own.</summary>
    public async Task<string> StepUpAsync(Browser person, string purpose, string subject)
    {
        var session = await person.ReadSessionAsync();
        var now = Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var row = new StepUpRow { Id = Guid.NewGuid().ToString("N"), SessionId = session.SessionId!, UserId = session.UserId!, Purpose = purpose, Subject = subject, ExpiresAt = now.AddMinutes(5), ProvedAt = now, Method = "otp" };
        await using var store = Services.GetRequiredService<Func<IdentityStore>>()();
        store.StepUps.Add(row);
        await store.SaveChangesAsync();
        return row.Id;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        System.IO.Directory.Delete(_directory, recursive: true);
    }
}

/// <summary>A client with cookies that sends the antiforgery token like the dashboard does.</summary>
internal sealed class Browser
{
    private readonly HttpClient _http;

    private readonly TimeProvider _time;

    public Browser(TestNode node)
    {
        _time = node.Services.GetRequiredService<TimeProvider>();
        _http = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false }) { BaseAddress = node.Address };
    }

    public CookieContainer Cookies { get; } = new();

    public string? Token { get; private set; }

    public async Task<SessionView> ReadSessionAsync()
    {
        var session = (await _http.GetFromJsonAsync("/api/session", ForgeJson.Default.SessionView))!;
        Token = session.CsrfToken;
        return session;
    }

    /// <summary>Signs in with password and code.</summary>
    public async Task<SessionView> SignInAsync(string email, string password, string seed)
    {
        var ticket = await ReadAsync(await PostAsync("/api/auth/password", new SignInRequest(email, password)), ForgeJson.Default.SignInTicket);
        return await ReadAsync(await PostAsync("/api/auth/totp", new TotpSignIn(ticket.Ticket, await AuthenticatorApp.Of(seed).NextAsync(_time))), ForgeJson.Default.SessionView);
    }

    /// <summary>Steps up with a code; answers what the command's header carries.</summary>
    public async Task<string> StepUpAsync(string purpose, string subject, string seed)
    {
        var options = await ReadAsync(await PostAsync("/api/auth/step-up/options", new StepUpRequest(purpose, subject)), ForgeJson.Default.StepUpOptions);
        var proof = new StepUpProof(options.StepUpId, null, await AuthenticatorApp.Of(seed).NextAsync(_time));
        return (await ReadAsync(await PostAsync("/api/auth/step-up", proof), ForgeJson.Default.StepUpDone)).StepUpId;
    }

    /// <summary>Steps up with a passkey.</summary>
    public async Task<string> StepUpAsync(string purpose, string subject, SoftPasskey passkey, string origin)
    {
        var options = await ReadAsync(await PostAsync("/api/auth/step-up/options", new StepUpRequest(purpose, subject)), ForgeJson.Default.StepUpOptions);
        var proof = JsonSerializer.Serialize(new StepUpProof(options.StepUpId, passkey.Get(options.PasskeyOptions!), null), ForgeJson.Default.StepUpProof);
        return (await ReadAsync(await SendAsync(HttpMethod.Post, "/api/auth/step-up", proof, ("Origin", origin)), ForgeJson.Default.StepUpDone)).StepUpId;
    }

    /// <summary>Makes the first administrator with password and app.</summary>
    public async Task<(Enrolled Answer, string Seed)> SetUpAsync(string token)
    {
        var begun = await ReadAsync(await PostAsync("/api/setup/begin", new BeginEnrolment(token, "ana@example.com", "Ana", FactorKind.Totp, TestNode.Password)), ForgeJson.Default.EnrolmentBegun);
        var code = await AuthenticatorApp.Of(begun.Secret!).NextAsync(_time);
        return (await ReadAsync(await PostAsync("/api/setup", new CompleteEnrolment(token, begun.EnrolmentId, code, null, null)), ForgeJson.Default.Enrolled), begun.Secret!);
    }

    /// <summary>The value of a good answer.</summary>
    public static async Task<T> ReadAsync<T>(HttpResponseMessage answer, JsonTypeInfo<T> type)
    {
        using (answer)
        {
            Assert.True(answer.IsSuccessStatusCode, $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
            return (await answer.Content.ReadFromJsonAsync(type))!;
        }
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(path);

    public Task<HttpResponseMessage> PostAsync<T>(string path, T body) => SendAsync(HttpMethod.Post, path, JsonSerializer.Serialize(body, typeof(T), ForgeJson.Default));

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? json, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (Token is not null && !headers.Any(h => h.Name == "X-Forge-Csrf")) request.Headers.Add("X-Forge-Csrf", Token);
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type") request.Content!.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse(value);
            else if (value.Length > 0) request.Headers.TryAddWithoutValidation(name, value);
        }
        return _http.SendAsync(request);
    }

    public static async Task<Problem> ProblemOf(HttpResponseMessage answer)
    {
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = (await answer.Content.ReadFromJsonAsync(ForgeJson.Default.Problem))!;
        Assert.Equal((int)answer.StatusCode, problem.Status);
        Assert.Equal("/problems/" + problem.Code, problem.Type);
        Assert.False(string.IsNullOrEmpty(problem.CorrelationId));
        return problem;
    }
}
