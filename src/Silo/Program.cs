using Forge.Silo;
using Forge.Silo.Demo;
using Forge.Storage;
using Forge.WebApi;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Keys;
using Forge.WebApi.Operations;
using Forge.WebApi.Sla.Ingest;
using Serilog;

try
{
    return args switch
    {
        ["keys", ..] => await KeysCommand.RunAsync(args[1..]),
        ["user", ..] => await UserCommand.RunAsync(args[1..]),
        ["audit", ..] => await AuditCommand.RunAsync(args[1..]),
        _ => await RunAsync(args),
    };
}
catch (SiloSettingsException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 2;
}
catch (ArgumentException refused) when (refused.Message.StartsWith(Telemetry.Ratio, StringComparison.Ordinal))
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 2;
}
catch (KeyFolderException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 2;
}
catch (Exception failure) when (StartFailure.Explain(failure) is { } line)
{
    await Console.Error.WriteLineAsync(line);
    return StartFailure.ExitCode;
}

static async Task<int> RunAsync(string[] args)
{
    var builder = WebApplication.CreateBuilder(CommandLine.Options(args));
    var options = SiloOptions.Read(builder.Configuration);
    Directory.CreateDirectory(options.DataDirectory);
    builder.WebHost.UseUrls(options.Urls);
    builder.WebHost.UseStaticWebAssets();   // a build that was not published finds the dashboard's files by its manifest
    // As a provider behind the framework's factory, which keeps one logger per category; Serilog's own factory makes new ones for every connection and grain.
    builder.Logging.ClearProviders().AddSerilog(LogLines.Create(builder.Configuration), dispose: true);
    builder.Services.AddSingleton(TimeProvider.System);
    builder.Services.AddSiloKeys(options);
    var app = Compose(builder, options);
    return await StartAsync(app, options);
}

static WebApplication Compose(WebApplicationBuilder builder, SiloOptions options)
{
    var (silo, web) = (options.Roles.HasFlag(ProcessRoles.Silo), options.Roles.HasFlag(ProcessRoles.Web));
    if (silo)
    {
        builder.Services.AddHostedService(ProcessJournal.OfSilo);   // first to start, last to stop
        builder.AddForgeSilo(options, CommandLine.Storage(options));
        builder.Services.AddHealthChecks().AddCheck<SiloHealth>("silo", tags: [HealthEndpoints.Ready, HealthEndpoints.Startup]);
        builder.Services.AddSingleton<ClockWatch>().AddHostedService(s => s.GetRequiredService<ClockWatch>());
        builder.Services.AddHealthChecks().AddCheck<ClockHealth>("clock", tags: [HealthEndpoints.Ready]);
        builder.Services.AddHealthChecks().AddCheck<JournalHealth>("journal", tags: [HealthEndpoints.Ready]);
    }
    else
    {
        builder.AddForgeClient(options);
        builder.Services.AddHostedService(ProcessJournal.OfWebNode);
    }
    if (web)
    {
        builder.AddForgeWebApi(CommandLine.Web(options));
        builder.Services.AddForgeIngest(builder.Configuration);
    }
    else builder.Services.AddSingleton(CommandLine.Web(options)).AddProcessSurface(builder.Configuration);
    if (options.Demo) builder.Services.AddDemo(options);
    return builder.Build();
}

static async Task<int> StartAsync(WebApplication app, SiloOptions options)
{
    var (silo, web) = (options.Roles.HasFlag(ProcessRoles.Silo), options.Roles.HasFlag(ProcessRoles.Web));
    if (silo) await app.Services.GetRequiredService<StorageMigrator>().MigrateAsync(default);
    if (web) await IdentityDatabase.MigrateAsync(app.Services);
    if (silo) await SiloKeys.RewrapAsync(app.Services);
    if (options.MigrateOnly) return 0;
    if (silo) await ClockWatch.EnsureAsync(app.Services);
    if (silo) await ClusterPorts.JournalAsync(app.Services);
    if (web)
    {
        app.MapForgeWebApi();
        app.MapForgeIngest();
        app.RequirePolicyMatrix();
    }
    else app.MapProcessSurface();
    await app.RunAsync();
    return Environment.ExitCode;
}
