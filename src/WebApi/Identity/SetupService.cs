using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Http;

namespace Forge.WebApi.Identity;

/// <summary>An account that an enrolment made or renewed.</summary>
/// <param name="User">The account.</param>
/// <param name="Methods">How its person has just proved themselves.</param>
/// <param name="RecoveryCodes">Shown this once; empty with a passkey.</param>
public sealed record MadeAccount(ForgeUser User, ImmutableArray<string> Methods, ImmutableArray<string> RecoveryCodes);

/// <summary>
/// First start: while nobody is a SeniorAdmin, one link with a random token makes the first. The token lives 1 h, works once and at whichever node it is shown to, is kept only as a hash,
/// and is shown to the operator alone: on the console and in <c>setup-token</c> of the data directory (0600).
/// </summary>
public sealed class SetupService(WebApiOptions options, IGrainFactory grains, PlatformJournal journal, PrincipalCache principals, NodeActors actors, ChallengeStore challenges, TimeProvider time)
{
    /// <summary>Name of the file that holds the link's token.</summary>
    public const string FileName = "setup-token";

    private const string Owner = "setup";
    private static readonly TimeSpan TokenLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private string? _token;
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

    /// <summary>Makes a new token and answers its link; null when no setup is needed. The token that this node made before stops working.</summary>
    public async Task<string?> OpenAsync(string baseUrl, CancellationToken cancellation = default)
    {
        if (!await RequiredAsync()) return null;
        if (_token is { } before) await challenges.ConsumeAsync(before, cancellation);
        var (token, _) = await challenges.BeginAsync(Owner, new Opened(), TokenLife, cancellation);
        _token = token;
        await PrivateFile.WriteAsync(TokenPath, token, cancellation);
        return $"{baseUrl.TrimEnd('/')}/setup#{token}";
    }

    /// <summary>First half: who the first administrator will be and which factor they enrol. The token is not spent.</summary>
    public async Task<Outcome<EnrolmentBegun>> BeginAsync(HttpContext http, BeginEnrolment request)
    {
        if (await RefuseAsync(request.Token) is { } refusal) return Outcome<EnrolmentBegun>.No(refusal);
        if (!People.IsEmail(request.Email)) return Outcome<EnrolmentBegun>.No(Refusal.Validation([new("email", "email_format")]));
        return await http.RequestServices.GetRequiredService<Enrolments>().BeginAsync(
            http, Owner, Guid.CreateVersion7().ToString("N"), request.Email!.Trim(), request.DisplayName?.Trim() ?? "", request.Factor, request.Password);
    }

    /// <summary>Second half: makes the first SeniorAdmin with the factor. The token is spent only when it worked.</summary>
    public async Task<Outcome<MadeAccount>> CompleteAsync(HttpContext http, CompleteEnrolment request)
    {
        await _oneAtATime.WaitAsync(http.RequestAborted);
        try
        {
            Volatile.Write(ref _askedAtTicks, 0);
            if (await RefuseAsync(request.Token) is { } refusal) return Outcome<MadeAccount>.No(refusal);
            var proved = await http.RequestServices.GetRequiredService<Enrolments>().CompleteAsync(http, Owner, request.EnrolmentId, request.Code, request.Credential, request.PasskeyName);
            if (proved.Refusal is { } unproved) return Outcome<MadeAccount>.No(unproved);

            await journal("system:setup", "setup.intent", OrganizationId.PlatformChain, "{}", http.RequestAborted);
            var (user, codes) = await http.RequestServices.GetRequiredService<People>().ReplaceFactorsAsync(proved.Value!, http.RequestAborted);
            var context = new CommandContext("setup-" + user.Id, Convert.ToHexStringLower(Hash(user.Id)), "system:setup", http.CorrelationId(), null);
            actors.ActAs("setup");
            var granted = await grains.GetGrain<IPrincipalGrain>(user.Id).Grant(Roles.SeniorAdmin, "first start", context);
            if (granted.Refusal is { } refused) return Outcome<MadeAccount>.No(refused);
            principals.Forget(user.Id);
            Finish();
            await journal("user:" + user.Id, "setup.result", "user:" + user.Id, """{"outcome":"ok"}""", http.RequestAborted);
            return Outcome<MadeAccount>.Of(new MadeAccount(user, proved.Value!.Passkey is null ? ["pwd", "otp"] : ["passkey"], codes), 1);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Why a token does not open the first start now, or null.</summary>
    public async Task<Refusal?> RefuseAsync(string token)
    {
        if (!await RequiredAsync()) return Refusal.Conflict("setup_done", "The first administrator exists already. Sign in.");
        return await challenges.FindAsync<Opened>(Owner, token) is not null ? null
            : new Refusal("link_expired", "This link is wrong, used or older than an hour. Start the product again for a new one.", RefusalKind.Forbidden, []);
    }

    private string TokenPath => Path.Combine(options.DataDirectory, FileName);

    private void Finish()
    {
        _done = true;
        _token = null;
        File.Delete(TokenPath);
    }

    private sealed record Opened;

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
