using Forge.Silo;
using Forge.Silo.Demo;
using Forge.Storage;
using Forge.WebApi;
using Forge.WebApi.Http;
using Forge.WebApi.Identity;
using Forge.WebApi.Keys;
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
catch (KeyFolderException refused)
{
    await Console.Error.WriteLineAsync(refused.Message);
    return 2;
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
    builder.AddForgeSilo(options, CommandLine.Storage(options));
    builder.AddForgeWebApi(CommandLine.Web(options));
    builder.Services.AddForgeIngest(builder.Configuration);
    builder.Services.AddHealthChecks().AddCheck<SiloHealth>("silo", tags: [HealthEndpoints.Ready, HealthEndpoints.Startup]);
    builder.Services.AddHealthChecks().AddCheck<JournalHealth>("journal", tags: [HealthEndpoints.Ready]);
    if (options.Demo) builder.Services.AddDemo(options);

    var app = builder.Build();
    await app.Services.GetRequiredService<StorageMigrator>().MigrateAsync(default);
    await IdentityDatabase.MigrateAsync(app.Services);
    await SiloKeys.RewrapAsync(app.Services);
    if (options.MigrateOnly) return 0;
    await ClusterPorts.JournalAsync(app.Services);

    app.MapForgeWebApi();
    app.MapForgeIngest();
    app.RequirePolicyMatrix();
    await app.RunAsync();
    return 0;
}
