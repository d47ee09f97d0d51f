using System.Collections.Immutable;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Forge.Storage.Organizations;
using Forge.WebApi;
using Forge.WebApi.Identity;

namespace Forge.Silo;

/// <summary><c>keys create</c>, <c>rotate</c>, <c>revoke</c> and <c>list</c>: ingest keys from the host's shell, journaled as <c>cli:{user}</c>. Works beside a running product.</summary>
internal static class KeysCommand
{
    private const string Usage = """
        keys create --organization <id>[,<id>]|all --name <text> [--days <n>] [--uses <use>[,<use>]] [--addresses <network>[,<network>]] [--data <folder>]
            Makes an ingest key and prints it once: fik_<id>_<secret>.
        keys rotate --key <id> [--data <folder>]
            Gives a key a second secret and prints it once; the first goes on for 24 h.
        keys revoke --key <id> [--data <folder>]
            Ends a key; senders are refused within 2 s.
        keys list [--data <folder>]
            Lists keys without their secrets.
        """;

    /// <summary>Runs the command; 0 done, 1 refused, 2 not understood.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["create" or "list" or "rotate" or "revoke", ..] || !HaveValues(args[1..])) return await Explain();
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
        builder.Services.AddSingleton<KnownOrganizations>(services => services.GetRequiredService<OrganizationReader>().AllIdsAsync);
        builder.Services.AddSingleton<IngestKeyCache>().AddSingleton<IngestKeyStore>();
        await using var app = builder.Build();
        await app.Services.GetRequiredService<StorageMigrator>().MigrateAsync(default);
        await IdentityDatabase.MigrateAsync(app.Services);
        var keys = app.Services.GetRequiredService<IngestKeyStore>();
        return args[0] switch
        {
            "list" => await List(keys),
            "create" => await Create(keys, builder.Configuration),
            _ => await Change(keys, builder.Configuration["key"] ?? "", rotate: args[0] == "rotate"),
        };
    }

    /// <summary>Every option has a value: configuration would take the next option for the one that was forgotten.</summary>
    private static bool HaveValues(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal)) return false;
            if (args[i].Contains('=', StringComparison.Ordinal)) continue;
            if (++i == args.Length || args[i].StartsWith("--", StringComparison.Ordinal)) return false;
        }
        return true;
    }

    private static async Task<int> Change(IngestKeyStore keys, string id, bool rotate)
    {
        if (id.Length == 0) return await Explain();
        var actor = "cli:" + Environment.UserName;
        if (rotate)
        {
            var rotated = await keys.RotateAsync(id, actor);
            return rotated.Value is { } created ? Say(created.Secret) : await Refuse(rotated.Refusal!);
        }
        var revoked = await keys.RevokeAsync(id, actor);
        return revoked.Value is { } key ? Say($"{key.Id} is revoked") : await Refuse(revoked.Refusal!);

        static int Say(string text)
        {
            Console.WriteLine(text);
            return 0;
        }
    }

    private static async Task<int> Create(IngestKeyStore keys, ConfigurationManager settings)
    {
        if (settings["organization"] is not { Length: > 0 } organization || settings["name"] is not { Length: > 0 } name) return await Explain();
        ImmutableArray<string> organizations = organization == "all" ? [] : [.. organization.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];
        var days = settings.GetValue<int?>("days");
        var outcome = await keys.CreateAsync(new CreateIngestKey(name, organizations, days, organization == "all", Words("uses"), Words("addresses")), "cli:" + Environment.UserName);
        if (outcome.Value is { } created)
        {
            Console.WriteLine(created.Secret);
            return 0;
        }
        return await Refuse(outcome.Refusal!);

        ImmutableArray<string>? Words(string option) => settings[option] is { Length: > 0 } text ? [.. text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)] : null;
    }

    private static async Task<int> Refuse(Refusal refusal)
    {
        var fields = refusal.Fields.IsDefaultOrEmpty ? "" : string.Join(", ", refusal.Fields.Select(f => $"{f.Field}: {f.Code}"));
        await Console.Error.WriteLineAsync($"{refusal.Code}: {refusal.Detail} {fields}");
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
