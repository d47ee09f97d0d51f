using System.Collections.Immutable;
using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Storage;
using Forge.Storage.Audit;
using Forge.WebApi.Keys;

namespace Forge.Silo;

/// <summary><c>audit verify</c>: checks the journal from the host's shell, beside a running product or without one. Changes nothing.</summary>
internal static class AuditCommand
{
    private const string Usage = """
        audit verify [--chain <c>] [--seals <file>] [--headers-only] [--json] [--data <folder>]
            Checks every entry, link, hash, head and seal of the journal.
            --chain         only this chain: an organization's id, or platform
            --seals         seals from outside the database; default: the configured seal file, when it is there
            --headers-only  leaves the bodies alone; needs no keys
            --json          prints the report as JSON
            Ends with 0 all agree, 1 disagreement, 2 cannot read, 3 a signature is wrong.
        """;

    private const int CannotRead = 2;

    /// <summary>Runs the command.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not ["verify", ..]) return await SayAsync(Usage);
        var builder = WebApplication.CreateSlimBuilder(CommandLine.Options(args[1..]));
        var options = SiloOptions.Read(builder.Configuration);
        var storage = CommandLine.Storage(options);
        builder.Logging.ClearProviders();
        try
        {
            if (storage.Provider == StorageProvider.Sqlite && !File.Exists(storage.SqliteFile)) return await SayAsync($"There is no database at {storage.SqliteFile}.");
            var headersOnly = builder.Configuration.GetValue("headers-only", false);
            AddKeys(builder.Services, options, headersOnly);
            builder.Services.AddForgeStorage(storage);
            await using var app = builder.Build();
            var scope = new AuditScope(
                builder.Configuration["chain"], headersOnly, app.Services.GetRequiredService<SealFileWriter>().Keys(), await SealsAsync(builder.Configuration["seals"], options.SealFile));
            var report = await app.Services.GetRequiredService<JournalAuditor>().CheckAsync(scope, null, default);
            Print(report, builder.Configuration.GetValue("json", false));
            return report.ExitCode;
        }
        catch (Exception error) when (error is DbException or IOException or UnauthorizedAccessException or KeyFolderException or JsonException or InvalidOperationException or CryptographicException)
        {
            return await SayAsync($"The journal cannot be read: {error.Message}");
        }
    }

    /// <summary>Without bodies no key is needed: then stand-ins that open nothing are enough.</summary>
    private static void AddKeys(IServiceCollection services, SiloOptions options, bool headersOnly)
    {
        if (!headersOnly || Directory.Exists(options.KeysDirectory))
        {
            var folder = KeyFolder.Open(options.KeysDirectory, mayMake: false);
            services.AddKeyedSingleton(DataKeys.KekUse, folder.Secrets(DataKeys.KekUse));
            services.AddKeyedSingleton(SealStore.SealUse, folder.Signing(SealStore.SealUse));
        }
        else
        {
            using var signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            services.AddKeyedSingleton(DataKeys.KekUse, new KeyRing([new SecretKey("none", ImmutableArray.Create(RandomNumberGenerator.GetBytes(32)))]));
            services.AddKeyedSingleton(SealStore.SealUse, new KeyRing([new SecretKey("none", ImmutableArray.Create(signer.ExportPkcs8PrivateKey()))]));
        }
        services.AddSingleton(JournalFiles.In(options.DataDirectory) with { SealFile = options.SealFile });
    }

    private static async Task<SealFile?> SealsAsync(string? asked, string configured)
    {
        if (asked is null && !File.Exists(configured)) return null;
        return SealFile.Parse(await File.ReadAllTextAsync(asked ?? configured));
    }

    private static void Print(JournalReport report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, ForgeJson.Default.JournalReport));
            return;
        }
        foreach (var finding in report.Findings) Console.WriteLine(finding);
        if (report.More > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"… and {report.More} more"));
        if (report.Withheld > 0) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{report.Withheld} bodies were not checked: their keys were destroyed, or only headers were asked for."));
        Console.WriteLine(report.InWords());
    }

    private static async Task<int> SayAsync(string text)
    {
        await Console.Error.WriteLineAsync(text);
        return CannotRead;
    }
}
