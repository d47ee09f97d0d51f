using Forge.Domain.Audit;
using Forge.WebApi.Identity;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Forge.Silo.Demo;

/// <summary>What a sender has to know: the address and an ingest key. The key is made like any other and kept in <c>demo-ingest-key</c> (0600).</summary>
public sealed class DemoAccess(IServer server, IHostApplicationLifetime lifetime, IngestKeyStore keys, IngestKeyAuthenticator authenticator, SiloOptions options)
{
    private const string FileName = "demo-ingest-key";

    /// <summary>Address the product is bound to.</summary>
    public string Address { get; private set; } = "";

    /// <summary>Waits until the product listens.</summary>
    public async Task WaitForAddressAsync(CancellationToken cancellation)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onStarted = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(cancellation);
        Address = server.Features.Get<IServerAddressesFeature>()!.Addresses.First().TrimEnd('/');
    }

    /// <summary>The kept key when it still works, otherwise a new one.</summary>
    public async Task<string> KeyAsync(CancellationToken cancellation)
    {
        var path = Path.Combine(options.DataDirectory, FileName);
        if (File.Exists(path))
        {
            var kept = (await File.ReadAllTextAsync(path, cancellation)).Trim();
            if (kept.Split('_') is ["fik", var id, ..] && await authenticator(id, kept[(4 + id.Length + 1)..], cancellation) is not null) return kept;
        }
        var created = await keys.CreateAsync(new CreateIngestKey("Demo traffic", [], null, AllOrganizations: true), "system:demo", cancellation: cancellation);
        var secret = created.Value!.Secret;
        await PrivateFile.WriteAsync(path, secret, cancellation);
        return secret;
    }
}

/// <summary>Composition of the demonstration.</summary>
public static class DemoServices
{
    /// <summary>Adds seed, traffic and the persons of the demonstration.</summary>
    public static IServiceCollection AddDemo(this IServiceCollection services, SiloOptions options)
    {
        services.AddHttpClient("demo");
        return services.AddSingleton(options).AddSingleton<DemoSeed>().AddSingleton<DemoAccess>().AddHostedService<DemoDriver>();
    }
}
