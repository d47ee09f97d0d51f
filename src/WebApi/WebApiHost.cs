using Forge.Domain;
using Forge.WebApi.Contracts;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Live;
using Forge.WebApi.Organizations;
using Forge.WebApi.Sla;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.SignalR;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Forge.WebApi;

/// <summary>
/// Composes the web API. The host brings an Orleans client or silo (<see cref="IGrainFactory"/>), calls <see cref="AddForgeWebApi"/>, migrates with
/// <see cref="IdentityDatabase.MigrateAsync"/>, and calls <see cref="MapForgeWebApi"/>; capabilities with their own composition (ingest) are mapped between the two by the host.
/// </summary>
public static class WebApiHost
{
    /// <summary>Registers everything of this project but ingest.</summary>
    public static WebApplicationBuilder AddForgeWebApi(this WebApplicationBuilder builder, WebApiOptions options)
    {
        var services = builder.Services;
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BoundAddress>();
        services.AddSingleton(s => new IndexPage(s.GetRequiredService<IWebHostEnvironment>().WebRootFileProvider));

        services.AddIdentityStore(options);
        services.AddDataProtection().SetApplicationName("forge").PersistKeysToDbContext<IdentityStore>();
        services.AddForgeSignIn(options).AddForgePolicies(options.Matrix ?? PolicyMatrix.Load());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AuthorizationProblems>();
        services.AddAntiforgery(antiforgery => Csrf.Configure(antiforgery, options));
        services.TryAddSingleton(s => GrainJournal.Of(s.GetRequiredService<IGrainFactory>()));
        services.AddSingleton<PrincipalCache>().AddSingleton<SignInLimits>().AddSingleton<SetupService>();
        services.AddScoped<Sessions>();
        services.AddSingleton<IngestKeyCache>().AddSingleton<IngestKeyStore>();
        services.AddSingleton<IngestKeyAuthenticator>(s => s.GetRequiredService<IngestKeyCache>().AuthenticateAsync);
        services.AddHostedService<IngestKeyUseWriter>().AddHostedService<SetupAnnouncer>();

        services.AddDisplays().AddSingleton<ScopedBoards>();
        services.TryAddSingleton<KnownOrganizations>(s => _ => s.GetRequiredService<IGrainFactory>().GetGrain<Grains.Interfaces.Organizations.IOrganizationQueryGrain>(0).AllIds());
        services.AddSingleton<ConnectionRegistry>().AddSingleton<EndedPoll>();
        services.AddHostedService(s => s.GetRequiredService<EndedPoll>());
        services.AddSingleton<LiveFeed>().AddSingleton<LiveNode>();
        services.AddHostedService(s => s.GetRequiredService<LiveNode>()).AddHostedService<LiveSender>();
        services.AddSignalR(hub =>
        {
            hub.AddFilter<LiveRights>();
            hub.MaximumReceiveMessageSize = 32 * 1024;
            hub.EnableDetailedErrors = false;
        }).AddJsonProtocol(json => json.PayloadSerializerOptions = SharedDeltas.Options());

        services.AddHealthChecks().AddCheck<IdentityHealth>("identity", tags: [HealthEndpoints.Ready, HealthEndpoints.Startup]);
        services.Configure<RouteOptions>(routes => routes.ConstraintMap["page"] = typeof(PageConstraint));
        services.Configure<HostFilteringOptions>(hosts =>
        {
            hosts.AllowedHosts = options.Hosts.Count > 0 ? options.Hosts
                : Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var own) ? ["localhost", "127.0.0.1", "[::1]", own.Host]
                : ["localhost", "127.0.0.1", "[::1]"];
            hosts.IncludeFailureMessage = false;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = 8 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        return builder;
    }

    /// <summary>Puts the edge in front and maps every endpoint, the hub, health and the dashboard's files.</summary>
    public static WebApplication MapForgeWebApi(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<WebApiOptions>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<ErrorHandling>();
        app.UseHostFiltering();
        app.UseRouting();
        app.UseAuthentication();
        app.UseMiddleware<DisplaySignIn>();
        app.UseMiddleware<SetupGate>();
        app.UseMiddleware<EnrolGate>();
        app.UseMiddleware<Csrf>();
        app.UseMiddleware<RunningRequests>();
        app.UseAuthorization();

        var api = app.MapGroup("/api");
        api.MapSession();
        api.MapIngestKeys();
        api.MapDisplays();
        api.MapOrganizations();
        api.MapContracts();
        api.MapSla();
        api.MapSlaMappings();
        app.MapHub<LiveHub>("/hubs/live", hub =>
        {
            hub.CloseOnAuthenticationExpiration = true;
            hub.TransportSendTimeout = TimeSpan.FromSeconds(5);
        });
        app.MapForgeHealth();
        if (!options.ServeDashboard) return app;
        app.MapStaticAssets().Add(endpoint => endpoint.Metadata.Add(new AllowAnonymousAttribute()));
        var index = app.Services.GetRequiredService<IndexPage>();
        app.MapMethods("/{*path:page}", ["GET", "HEAD"], index.SendAsync).AllowAnonymous().WithOrder(int.MaxValue);
        return app;
    }
}

/// <summary>Addresses the server is bound to, known after its start.</summary>
internal sealed class BoundAddress(IServer server)
{
    /// <summary>The first address with a name a browser can open, or null.</summary>
    public string? First() => server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()?
        .Replace("0.0.0.0", "localhost", StringComparison.Ordinal).Replace("[::]", "localhost", StringComparison.Ordinal).Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
}
