using Forge.Domain;
using Forge.WebApi.Audit;
using Forge.WebApi.Contracts;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Keys;
using Forge.WebApi.Live;
using Forge.WebApi.Operations;
using Forge.WebApi.Organizations;
using Forge.WebApi.Sla;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.HostFiltering;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
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
        services.AddSingleton<RefusalJournal>().AddHostedService(s => s.GetRequiredService<RefusalJournal>());
        services.AddAntiforgery(antiforgery => Csrf.Configure(antiforgery, options));
        services.AddHttpContextAccessor().AddNodeActors(options);
        services.TryAddSingleton(s => GrainJournal.Of(s.GetRequiredService<IGrainFactory>(), s.GetRequiredService<NodeActors>()));
        services.AddSingleton<PrincipalCache>().AddSingleton<SignInLimits>().AddSingleton<SetupService>();
        services.AddScoped<Sessions>();
        services.AddSingleton<IngestKeyCache>().AddSingleton<IngestKeyStore>();
        services.AddSingleton<IngestKeyAuthenticator>(s => s.GetRequiredService<IngestKeyCache>().AuthenticateAsync);
        services.AddHostedService<IngestKeyUseWriter>().AddHostedService<SetupAnnouncer>();

        services.AddSingleton(OutboundOptions.Read(builder.Configuration, builder.Environment.IsProduction()));
        services.AddSingleton<OutboundRefusals>();
        services.AddSingleton(s => new OutboundGuard(s.GetRequiredService<OutboundOptions>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<OutboundRefusals>()));
        services.AddSingleton(s => new OutboundTargets(s.GetRequiredService<OutboundOptions>()));

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

        services.AddForgeMetrics(builder.Configuration);
        services.AddHealthChecks().AddCheck<IdentityHealth>("identity", tags: [HealthEndpoints.Ready, HealthEndpoints.Startup]);
        services.Configure<RouteOptions>(routes => routes.ConstraintMap["page"] = typeof(PageConstraint));
        services.Configure<HostFilteringOptions>(hosts =>
        {
            hosts.AllowedHosts = options.Hosts.Count > 0 ? options.Hosts
                : Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var own) ? ["localhost", "127.0.0.1", "[::1]", own.Host]
                : ["localhost", "127.0.0.1", "[::1]"];
            hosts.IncludeFailureMessage = false;
        });
        services.AddForgeRateLimits(options.Limits).AddForgeOpenApi();
        services.Configure<FormOptions>(form => (form.BufferBodyLengthLimit, form.MultipartBodyLengthLimit, form.ValueLengthLimit) = (options.Limits.FormBytes, options.Limits.FormBytes, options.Limits.FormBytes));
        services.Configure<ForwardedHeadersOptions>(forwarded => ProxyList.Configure(forwarded, options.KnownProxies));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureHttpsDefaults(https => https.OnAuthenticate = (_, ssl) => ssl.CipherSuitesPolicy = TlsSuites.Policy);
            // A little more than RequestGuard takes, which answers with a problem; beyond it the server answers by itself, without a body.
            kestrel.Limits.MaxRequestLineSize = options.Limits.UrlBytes + 4 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = options.Limits.HeaderBytes + 16 * 1024;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
            kestrel.Limits.MinResponseDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5));
        });
        return builder;
    }

    /// <summary>Puts the edge in front and maps every endpoint, the hub, health and the dashboard's files.</summary>
    public static WebApplication MapForgeWebApi(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<WebApiOptions>();
        if (options.KnownProxies.Count > 0) app.UseForwardedHeaders();
        app.UseMiddleware<SecurityHeaders>();
        app.UseMiddleware<ErrorHandling>();
        app.UseMiddleware<InFlight>();
        app.UseHostFiltering();
        if (options.Https) app.UseMiddleware<TransportGuard>();
        app.UseRouting();
        app.UseMiddleware<RequestGuard>();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseMiddleware<DisplaySignIn>();
        app.UseMiddleware<SetupGate>();
        app.UseMiddleware<EnrolGate>();
        app.UseMiddleware<Csrf>();
        app.UseMiddleware<RunningRequests>();
        app.UseAuthorization();

        var api = app.MapGroup("/api");
        api.MapSession();
        api.MapOidc();
        api.MapStepUps();
        api.MapAccount();
        api.MapUsers();
        api.MapIngestKeys();
        api.MapDisplays();
        api.MapOrganizations();
        api.MapContracts();
        api.MapSla();
        api.MapOperations();
        api.MapSlaMappings();
        api.MapAudit();
        app.MapHub<LiveHub>("/hubs/live", hub =>
        {
            hub.CloseOnAuthenticationExpiration = true;
            hub.TransportSendTimeout = TimeSpan.FromSeconds(5);
        });
        app.MapForgeHealth();
        app.MapForgeMetrics();
        app.MapOrleansDashboardGate(options);
        app.MapForgeOpenApi();
        if (!options.ServeDashboard) return app;
        app.MapStaticAssets().Add(endpoint =>
        {
            endpoint.Metadata.Add(new AllowAnonymousAttribute());
            endpoint.Metadata.Add(DashboardFile.Mark);
        });
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
