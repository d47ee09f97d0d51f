using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Forge.WebApi;
using Forge.WebApi.Identity;
using Microsoft.EntityFrameworkCore;

namespace Forge.Silo;

/// <summary><c>user recover</c>: new factors for somebody who lost theirs, the last SeniorAdmin above all, from the host's shell. Journaled as <c>cli:{user}</c>. Works beside a running product.</summary>
internal static class UserCommand
{
    private const string Usage = """
        user recover --email <address> [--data <folder>]
            Prints a link, good for 24 h and once, by which the person sets new factors. Their sessions end now, their old factors when the link is used.
        """;

    /// <summary>Runs the command; 0 done, 1 refused, 2 not understood.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["recover", ..]) return await SayAsync(Usage, 2);
        var builder = WebApplication.CreateSlimBuilder(CommandLine.Options(args[1..]));
        if (builder.Configuration["email"] is not { Length: > 0 } email) return await SayAsync(Usage, 2);
        var options = SiloOptions.Read(builder.Configuration);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSiloKeys(options);
        builder.Services.AddForgeStorage(CommandLine.Storage(options));
        builder.Services.AddIdentityStore(CommandLine.Web(options));
        builder.Services.AddSingleton<PlatformJournal>(services => (actor, action, subject, body, cancellation) =>
            services.GetRequiredService<Ledger>().AppendAsync(OrganizationId.PlatformChain, actor, "cli", new JournalDraft(action, subject, body), cancellation));
        builder.Services.AddSingleton<Links>().AddSingleton<SessionStore>();
        await using var app = builder.Build();
        await app.Services.GetRequiredService<StorageMigrator>().MigrateAsync(default);
        await IdentityDatabase.MigrateAsync(app.Services);

        var folded = email.Trim().ToUpperInvariant();
        await using var store = app.Services.GetRequiredService<Func<IdentityStore>>()();
        if (await store.Users.AsNoTracking().SingleOrDefaultAsync(u => u.NormalizedEmail == folded) is not { } user) return await SayAsync("not_found: There is no account with this e-mail.", 1);
        var made = await app.Services.GetRequiredService<Links>().CreateAsync(options.BaseUrl ?? options.Urls[0], user.Email!, [], user.Id, "recovered on the host", "cli:" + Environment.UserName, Guid.CreateVersion7().ToString("N"));
        await app.Services.GetRequiredService<SessionStore>().EndAllAsync(user.Id, null, "re_enrolment");
        Console.WriteLine(made.Value!.Link);
        return 0;
    }

    private static async Task<int> SayAsync(string text, int code)
    {
        await Console.Error.WriteLineAsync(text);
        return code;
    }
}
