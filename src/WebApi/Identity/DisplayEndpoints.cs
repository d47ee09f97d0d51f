using Forge.Domain;
using Forge.Domain.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.EntityFrameworkCore;

namespace Forge.WebApi.Identity;

/// <summary>Screens: they ask to be paired, administrators approve, see and revoke them.</summary>
internal static class DisplayEndpoints
{
    /// <summary>Registers screens: their store, their way in, and that their end is noticed.</summary>
    public static IServiceCollection AddDisplays(this IServiceCollection services)
    {
        services.AddSingleton<DisplayStore>().AddSingleton<DisplayLimits>();
        services.AddSingleton<EndedSource>(s => s.GetRequiredService<DisplayStore>().EndedAsync);
        services.AddAuthentication().AddScheme<AuthenticationSchemeOptions, DisplayHandler>(DisplayHandler.Name, null);
        return services.AddHostedService<DisplayReportWriter>();
    }

    public static void MapDisplays(this IEndpointRouteBuilder api)
    {
        var displays = api.MapGroup("/displays").RefuseUnreadable();
        displays.MapPost("/pairings", BeginAsync).AllowAnonymous();
        displays.MapGet("/pairings/{id}", async (string id, HttpContext http, DisplayStore store, WebApiOptions options) =>
            http.Request.Cookies.TryGetValue(DisplayHandler.CookieName(options), out var cookie) && await store.PairingAsync(id, cookie, http.RequestAborted) is { } pairing
                ? Answers.Json(pairing)
                : Problems.Of(Refusal.NotFound("pairing"))).AllowAnonymous();
        displays.MapGet("/self", async (HttpContext http, DisplayStore store, WebApiOptions options) =>
            Answers.Json(http.Request.Cookies.TryGetValue(DisplayHandler.CookieName(options), out var cookie) && await store.FindAsync(cookie, http.RequestAborted) is { } display
                ? new DisplaySelf(display.State, display.Id, display.Name, display.ShowCredits)
                : new DisplaySelf(null))).AllowAnonymous();
        displays.MapGet("", async (ListRequest list, DisplayStore store, CancellationToken cancellation) =>
        {
            if (list.Refused is { } refused) return refused;
            var all = await store.ListAsync(cancellation);
            return Answers.Json(list.Page([.. all.Skip(list.Skip).Take(list.Take)], all.Length));
        }).RequireAuthorization(Policies.DisplayRead);
        displays.MapPost("", async (Command<ApproveDisplay> command, HttpContext http, DisplayStore store, DisplayLimits limits, CancellationToken cancellation) =>
            limits.Approver.Try(command.Context.Actor) is { } wait
                ? Problems.RateLimited(http, wait)
                : Answers.Created(http, await store.ApproveAsync(command.Value, command.Context.Actor, cancellation), d => "/api/displays/" + d.Id))
            .RequireAuthorization(Policies.DisplayManage);
        displays.MapDelete("/{id}", async (string id, HttpContext http, DisplayStore store, CancellationToken cancellation) =>
            Answers.Of(http, await store.RevokeAsync(id, http.Actor(), cancellation))).RequireAuthorization(Policies.DisplayManage);
    }

    private static async Task<IResult> BeginAsync(HttpContext http, DisplayStore store, WebApiOptions options)
    {
        var (started, cookie) = await store.BeginAsync(http.RequestAborted);
        // It lives on while the screen is off: a browser that starts again finds its board.
        http.Response.Cookies.Append(DisplayHandler.CookieName(options), cookie, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", Secure = options.Https, MaxAge = TimeSpan.FromDays(400) });
        return Answers.Json(started, StatusCodes.Status201Created);
    }
}

/// <summary>Limit of entering codes; new codes are limited per address at the edge. Source: sla.md 11.</summary>
internal sealed class DisplayLimits(TimeProvider time)
{
    /// <summary>5 entered codes a minute per administrator, right or wrong.</summary>
    public AttemptLimit Approver { get; } = new(5, TimeSpan.FromMinutes(1), time);
}

/// <summary>Writes what screens report, every 15 s.</summary>
internal sealed class DisplayReportWriter(DisplayStore displays, TimeProvider time, ILogger<DisplayReportWriter> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(15), time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await displays.FlushAsync(stoppingToken);
                }
                catch (Exception failure) when (ErrorHandling.IsUnavailable(failure))
                {
                    log.LogWarning(failure, "Reports of screens were not written; they are tried again");
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the node stops
        }
    }
}
