using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Forge.Load;

namespace Forge.EndToEnd.Tests.Harness;

/// <summary>The product as a real process on a temporary data directory and a free loopback port.</summary>
internal sealed partial class ProductProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(60);
    private readonly string _program;
    private readonly string[] _arguments;
    private readonly HttpClient _probe = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };

    private readonly (string Name, string Value)[] _environment;

    private ProductProcess(string program, string[] command, bool demo, int grpcPort, string? postgres = null, string? keys = null, string? role = null, string[]? settings = null, (string Name, string Value)[]? environment = null)
    {
        _environment = environment ?? [];
        Url = new Uri($"http://127.0.0.1:{Repository.FreePort()}");
        Data = Repository.TemporaryFolder("data");
        Keys = keys ?? Path.Combine(Data, "keys");
        Command = command;
        _program = program;
        _arguments = [.. command, .. settings ?? [], .. demo ? ["--demo"] : Array.Empty<string>(), "--urls", Url.GetLeftPart(UriPartial.Authority), "--data", Data, string.Create(CultureInfo.InvariantCulture, $"--Forge:Ingest:GrpcPort={grpcPort}"),
            "--Forge:Http:Limits:CommandsPerMinute=100000", "--Forge:Http:Limits:ReadsPerMinute=100000",   // a test does in a second what a person does in an hour
            .. role is null ? Array.Empty<string>() : ["--Forge:Roles=" + role],
            .. postgres is null ? Array.Empty<string>() : [(role == "web" ? "--Forge:Identity:PostgresConnection=" : "--Forge:Storage:PostgresConnection=") + postgres, "--init-keys", "--Forge:Keys:Directory=" + Keys]];
        Process = Start();
    }

    /// <summary>Tells the processes of one test apart, e.g. <c>-silo-0</c>.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where it answers.</summary>
    public Uri Url { get; }

    /// <summary>The same by name: a passkey belongs to a name, not to a number.</summary>
    public Uri Named => new UriBuilder(Url) { Host = "localhost" }.Uri;

    /// <summary>Its data directory.</summary>
    public string Data { get; }

    /// <summary>Its key folder.</summary>
    public string Keys { get; }

    /// <summary>The running process (the <c>dotnet run</c> that started it, when started so).</summary>
    public RunningProcess Process { get; private set; }

    private string[] Command { get; }

    /// <summary>Starts the shipped product; returns when it says it is ready. <paramref name="grpcPort"/> 0: no OTLP/gRPC, so that products beside each other do not want the same port. <paramref name="postgres"/>: a database; several products on one are the silos of a cluster, and have the same <paramref name="keys"/>.</summary>
    public static async Task<ProductProcess> StartPublishedAsync(PublishedProduct published, bool demo, int grpcPort = 0, string? postgres = null, string? keys = null, params string[] settings)
    {
        var product = new ProductProcess("dotnet", [Path.Combine(await published.FolderAsync(), "Forge.Silo.dll")], demo, grpcPort, postgres, keys, null, settings);
        await product.ReadyAsync();
        return product;
    }

    /// <summary>Starts one process of a cluster, <c>silo</c> or <c>web</c>; returns at once.</summary>
    public static ProductProcess StartRole(string folder, string role, int number, string postgres, string keys, string[] settings, (string Name, string Value)[] environment) =>
        new("dotnet", [Path.Combine(folder, "Forge.Silo.dll")], demo: false, grpcPort: 0, postgres, keys, role, settings, environment) { Name = string.Create(CultureInfo.InvariantCulture, $"-{role}-{number}") };

    /// <summary>Starts the product by the README's run command; returns at once.</summary>
    public static ProductProcess StartByRunCommand() => new("dotnet", ["run", "--project", "src/Silo", "--"], demo: true, grpcPort: 0);

    /// <summary>Waits for /healthz/ready.</summary>
    public async Task ReadyAsync()
    {
        await Eventually.GetAsync($"the product on {Url}", StartTime,
            async () =>
            {
                if (Process.Ended) throw new EndedException("The product ended while it was starting:\n" + Process.Output);
                using var answer = await _probe.GetAsync(new Uri(Url, "/healthz/ready"));
                return answer.IsSuccessStatusCode ? "" : $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}";
            },
            text => text.Length == 0);
    }

    /// <summary>Makes the first administrator through the link that the first start prints, and signs in.</summary>
    public async Task<(ProductSession Session, string Email, Credentials Credentials)> SetUpAsync()
    {
        const string Email = "first@forge.example";
        const string Password = "walnut-harbour-lantern-mesa-81";
        var (session, credentials) = await ProductSession.SetUpAsync(Url, await SetupTokenAsync(), Email, Password);
        return (session, Email, credentials);
    }

    /// <summary>The token of the one-time link that the first start prints.</summary>
    public async Task<string> SetupTokenAsync() => (await Process.LineAsync(SetupLink(), StartTime)).Groups["token"].Value;

    /// <summary>The seeded person of a role, from the file that a demo start writes.</summary>
    public async Task<(string Email, Credentials Credentials)> DemoUserAsync(string role)
    {
        var file = Path.Combine(Data, "demo-users.json");
        await Eventually.GetAsync("the demo persons", StartTime, () => Task.FromResult(File.Exists(file)), there => there);
        using var users = JsonDocument.Parse(await File.ReadAllTextAsync(file));
        var user = users.RootElement.EnumerateArray().First(u => u.GetProperty("role").GetString() == role);
        return (user.GetProperty("email").GetString()!, new Credentials(user.GetProperty("password").GetString()!, user.GetProperty("totpSecret").GetString()!));
    }

    /// <summary>Makes an ingest key by the product's own command line.</summary>
    public async Task<string> CreateKeyAsync(string organizationId)
    {
        var output = await RunningProcess.RunAsync("keys create", _program, [.. Command, "keys", "create", "--data", Data, "--organization", organizationId, "--name", "end-to-end"], Repository.Root, StartTime);
        var key = IngestKey().Match(output);
        return key.Success ? key.Value : throw new InvalidOperationException("keys create printed no key:\n" + output);
    }

    /// <summary>Runs <c>audit verify</c> on its data, and answers exit code and output.</summary>
    public Task<(int Code, string Output)> VerifyAsync(params string[] more) =>
        RunningProcess.EndAsync("audit verify", _program, [.. Command, "audit", "verify", .. _arguments.SkipWhile(a => a != "--data"), .. more], Repository.Root, StartTime);

    /// <summary>Starts it once more beside, expecting that it ends by itself; exit code and what it said.</summary>
    public Task<(int Code, string Output)> EndAsync() => RunningProcess.EndAsync("product", _program, _arguments, Repository.Root, StartTime, _environment);

    /// <summary>kill -9.</summary>
    public Task KillAsync() => Process.KillAsync();

    /// <summary>Sends a signal by name, e.g. STOP or CONT.</summary>
    public Task SignalAsync(string name) => RunningProcess.RunAsync("kill", "kill", ["-" + name, Process.Id.ToString(CultureInfo.InvariantCulture)], Repository.Root, StartTime);

    /// <summary>SIGTERM: it stops by itself.</summary>
    public Task StopAsync() => Process.StopAsync(StartTime);

    /// <summary>Starts again on the same data and the same port after <see cref="KillAsync"/> or <see cref="StopAsync"/>.</summary>
    public async Task RestartAsync()
    {
        await LaunchAsync();
        await ReadyAsync();
    }

    /// <summary>The same without waiting until it is ready.</summary>
    public async Task LaunchAsync()
    {
        await Process.DisposeAsync();
        Process = Start();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _probe.Dispose();
        // What it said last is the first thing one wants to read when a test failed.
        var logs = Directory.CreateDirectory(Path.Combine(Repository.Root, "artifacts", "test-results")).FullName;
        await File.WriteAllTextAsync(Path.Combine(logs, $"product-{TestContext.Current.TestMethod?.MethodName}{Name}.log"), Process.Output);
        Directory.Delete(Data, recursive: true);
    }

    [GeneratedRegex(@"https?://\S+/setup#(?<token>[A-Za-z0-9_-]+)", RegexOptions.None, 1000)]
    private static partial Regex SetupLink();

    [GeneratedRegex(@"fik_[A-Za-z0-9_-]+", RegexOptions.None, 1000)]
    private static partial Regex IngestKey();

    private RunningProcess Start() => RunningProcess.Start("product", _program, _arguments, Repository.Root, _environment);
}
