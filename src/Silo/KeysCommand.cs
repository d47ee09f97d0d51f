using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Forge.WebApi;
using Forge.WebApi.Identity;

namespace Forge.Silo;

/// <summary><c>keys create</c> and <c>keys list</c>: ingest keys from the host's shell, journaled as <c>cli:{user}</c>. Works beside a running product.</summary>
internal static class KeysCommand
{
    private const string Usage = """
        keys create --organization <id>|all --name <text> [--days <n>] [--data <folder>]
            Makes an ingest key and prints it once: fik_<id>_<secret>.
        keys list [--data <folder>]
            Lists keys without their secrets.
        """;

    /// <summary>Runs the command; 0 done, 1 refused, 2 not understood.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["create" or "list", ..]) return await Explain();
        var builder = WebApplication.CreateSlimBuilder(CommandLine.Options(args[1..]));
        var options = SiloOptions.Read(builder.Configuration);
        Directory.CreateDirectory(options.DataDirectory);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSiloKeys(options);
        builder.Services.AddForgeStorage(CommandLine.Storage(options));
        builder.Services.AddIdentityStore(CommandLine.Web(options));
        builder.Services.AddSingleton<PlatformJournal>(services => (actor, action, subject, body, cancellation) =>
            services.GetRequiredService<Ledger>().AppendAsync(OrganizationId.PlatformChain, actor, "cli", new JournalDraft(action, subject, body), cancellation));
        builder.Services.AddSingleton<IngestKeyCache>().AddSingleton<IngestKeyStore>();
        await using var app = builder.Build();
        await app.Services.GetRequiredService<StorageMigrator>().MigrateAsync(default);
        await IdentityDatabase.MigrateAsync(app.Services);
        var keys = app.Services.GetRequiredService<IngestKeyStore>();
        return args[0] == "list" ? await List(keys) : await Create(keys, builder.Configuration);
    }

    private static async Task<int> Create(IngestKeyStore keys, ConfigurationManager settings)
    {
        if (settings["organization"] is not { Length: > 0 } organization || settings["name"] is not { Length: > 0 } name) return await Explain();
        ImmutableArray<string> organizations = organization == "all" ? [] : [.. organization.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        var days = settings.GetValue<int?>("days");
        var outcome = await keys.CreateAsync(new CreateIngestKey(name, organizations, days), "cli:" + Environment.UserName);
        if (outcome.Value is { } created)
        {
            Console.WriteLine(created.Secret);
            return 0;
        }
        var refusal = outcome.Refusal!;
        await Console.Error.WriteLineAsync($"{refusal.Code}: {refusal.Detail} {string.Join(", ", refusal.Fields.Select(f => $"{f.Field}: {f.Code}"))}");
        return 1;
    }

    private static async Task<int> List(IngestKeyStore keys)
    {
        foreach (var key in await keys.ListAsync())
        {
            var scope = key.OrganizationIds.IsEmpty ? "all" : string.Join(',', key.OrganizationIds);
            Console.WriteLine($"{key.Id}  {(key.RevokedAt is null ? "active " : "revoked")}  {scope}  {key.Name}");
        }
        return 0;
    }

    private static async Task<int> Explain()
    {
        await Console.Error.WriteLineAsync(Usage);
        return 2;
    }
}
