using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>
/// First start: while nobody is a PlatformAdmin, one link with a random token makes the first. The token lives 1 h, works once, is kept only as a hash,
/// and is shown to the operator alone: on the console and in <c>setup-token</c> of the data directory (0600).
/// </summary>
public sealed class SetupService(WebApiOptions options, IGrainFactory grains, IServiceScopeFactory scopes, PlatformJournal journal, PrincipalCache principals, TimeProvider time)
{
    /// <summary>Name of the file that holds the link's token.</summary>
    public const string FileName = "setup-token";

    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private (byte[] Hash, DateTimeOffset Until)? _token;
    private long _askedAtTicks;
    private volatile bool _done;

    /// <summary>True while the first administrator still has to be made. Once false it stays false.</summary>
    public async ValueTask<bool> RequiredAsync()
    {
        if (_done) return false;
        if (time.GetUtcNow().UtcTicks - Volatile.Read(ref _askedAtTicks) < AskAgainAfter.Ticks) return true;
        if (await grains.GetGrain<IPrincipalQueryGrain>(0).AnyAdmin()) Finish();
        else Volatile.Write(ref _askedAtTicks, time.GetUtcNow().UtcTicks);
        return !_done;
    }

    /// <summary>Makes a new token and answers its link; null when no setup is needed. The token before it stops working.</summary>
    public async Task<string?> OpenAsync(string baseUrl, CancellationToken cancellation = default)
    {
        if (!await RequiredAsync()) return null;
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _token = (Hash(token), time.GetUtcNow() + TokenLife);
        await PrivateFile.WriteAsync(TokenPath, token, cancellation);
        return $"{baseUrl.TrimEnd('/')}/setup#{token}";
    }

    /// <summary>Makes the first PlatformAdmin and answers who it is. The token is spent only when it worked.</summary>
    public async Task<Outcome<ForgeUser>> CompleteAsync(SetupRequest request, string correlationId, CancellationToken cancellation = default)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            Volatile.Write(ref _askedAtTicks, 0);
            if (!await RequiredAsync()) return Outcome<ForgeUser>.No(Refusal.Conflict("setup_done", "The first administrator exists already. Sign in."));
            if (_token is not { } token || time.GetUtcNow() >= token.Until || !CryptographicOperations.FixedTimeEquals(token.Hash, Hash(request.Token)))
                return Outcome<ForgeUser>.No(new Refusal("link_expired", "This link is wrong, used or older than an hour. Start the product again for a new one.", RefusalKind.Forbidden, []));
            var refusal = Check(request);
            if (refusal is not null) return Outcome<ForgeUser>.No(refusal);

            using var scope = scopes.CreateScope();
            var users = scope.ServiceProvider.GetRequiredService<UserManager<ForgeUser>>();
            await journal("setup", "setup.intent", OrganizationId.PlatformChain, "{}", cancellation);
            var user = await People.EnsureAsync(users, request.Email.Trim(), request.DisplayName.Trim(), request.Password, time.GetUtcNow());
            var context = new CommandContext("setup-" + user.Id, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(user.Id))), "user:" + user.Id, correlationId, null);
            var granted = await grains.GetGrain<IPrincipalGrain>(user.Id).Grant(Roles.PlatformAdmin, "first start", context);
            if (granted.Refusal is { } refused) return Outcome<ForgeUser>.No(refused);
            principals.Forget(user.Id);
            Finish();
            await journal("user:" + user.Id, "setup.result", "user:" + user.Id, """{"outcome":"ok"}""", cancellation);
            return Outcome<ForgeUser>.Of(user, 1);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private string TokenPath => Path.Combine(options.DataDirectory, FileName);

    private void Finish()
    {
        _done = true;
        _token = null;
        File.Delete(TokenPath);
    }

    private static Refusal? Check(SetupRequest request)
    {
        if (!People.IsEmail(request.Email)) return Refusal.Validation([new("email", "email_format")]);
        if (string.IsNullOrWhiteSpace(request.DisplayName) || request.DisplayName.Trim().Length > 120 || request.DisplayName.Any(char.IsControl)) return Refusal.Validation([new("displayName", "required_or_too_long")]);
        return PasswordRules.Refuse(request.Password, request.Email) is { } why ? PasswordRules.Refusal(why) : null;
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}

/// <summary>Prints the setup link once the node answers requests and the cluster can be asked.</summary>
internal sealed class SetupAnnouncer(SetupService setup, WebApiOptions options, BoundAddress bound, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<SetupAnnouncer> log) : BackgroundService
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var onStart = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(stoppingToken);
        if (options.Demo) return;   // the demonstration brings its own administrator
        for (var tries = 0; !stoppingToken.IsCancellationRequested; tries++)
        {
            try
            {
                var link = await setup.OpenAsync(options.BaseUrl ?? bound.First() ?? "http://localhost", stoppingToken);
                if (link is not null) log.LogWarning("No administrator exists yet. Make the first one within an hour: {SetupLink}", link);
                return;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                if (tries % 10 == 9) log.LogWarning(failure, "The cluster does not answer yet whether an administrator exists");
                await Task.Delay(Between, time, stoppingToken);
            }
        }
    }
}
