using Forge.Domain;
using Forge.Domain.Audit;
using Forge.Grains.Interfaces.Audit;
using Forge.WebApi.Http;
using Microsoft.AspNetCore.Identity;

namespace Forge.WebApi.Identity;

/// <summary>People: list, invitations, roles, disable, re-enrolment, sessions of others. A change takes a step-up bound to exactly this change; ending sessions takes none.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder api)
    {
        var links = api.MapGroup("/invitations").AllowAnonymous().RefuseUnreadable();
        links.MapPost("/look", async (Body<LinkToken> body, HttpContext http, Invitations invitations, SignInLimits limits) =>
            TooMany(http, limits) ?? Answer(await invitations.LookAsync(body.Value.Token, http.RequestAborted)));
        links.MapPost("/begin", async (Body<BeginEnrolment> body, HttpContext http, Invitations invitations, SignInLimits limits) =>
            TooMany(http, limits) ?? Answer(await invitations.BeginAsync(http, body.Value)));
        links.MapPost("/complete", CompleteAsync);

        var users = api.MapGroup("/users").RefuseUnreadable();
        users.MapGet("", async (HttpContext http, Users people) => Answers.Json(await people.ListAsync(http.RequestAborted))).RequireAuthorization(Policies.UserRead);
        users.MapGet("/{id}/sessions", async (string id, HttpContext http, SessionStore sessions) => Answers.Json(await SessionLists.OfAsync(sessions, id, http))).RequireAuthorization(Policies.UserRead);

        var manage = users.MapGroup("").RequireAuthorization(Policies.UserManage);
        manage.MapPost("/invitations", async (Command<InviteUser> command, HttpContext http, Invitations invitations) =>
            Answers.Created(http, await invitations.InviteAsync(http, command.Value, command.Context), i => "/api/users/invitations/" + i.Invitation.Id))
            .RequireStepUp("user.invite", c => "user:" + c.GetArgument<Command<InviteUser>>(0).Value.Email.Trim().ToLowerInvariant());
        manage.MapDelete("/invitations/{id}", (string id, HttpContext http, Users people) => people.WithdrawAsync(http, id));
        manage.MapPost("/{id}/grant-role", (string id, Command<ChangeRole> command, HttpContext http, Users people) =>
            people.ChangeAsync(http, id, p => p.Grant(command.Value.Role, command.Value.Reason, command.Context))).RequireStepUp("user.grant-role", SubjectWithRole);
        manage.MapPost("/{id}/withdraw-role", (string id, Command<ChangeRole> command, HttpContext http, Users people) =>
            people.ChangeAsync(http, id, p => p.Withdraw(command.Value.Role, command.Value.Reason, command.Context))).RequireStepUp("user.withdraw-role", SubjectWithRole);
        manage.MapPost("/{id}/enable", (string id, Command<ChangeUser> command, HttpContext http, Users people) =>
            people.ChangeAsync(http, id, p => p.Enable(command.Value.Reason, command.Context))).RequireStepUp("user.enable", Subject);
        manage.MapPost("/{id}/disable", (string id, Command<ChangeUser> command, HttpContext http, Users people) =>
            people.ChangeAsync(http, id, p => p.Disable(command.Value.Reason, command.Context), endSessions: true)).RequireStepUp("user.disable", Subject);
        manage.MapPost("/{id}/re-enrol", async (string id, Command<ChangeUser> command, HttpContext http, Invitations invitations, UserManager<ForgeUser> accounts) =>
            await accounts.FindByIdAsync(id) is { } user
                ? Answers.Created(http, await invitations.ReEnrolAsync(http, user, command.Value.Reason, command.Context), i => "/api/users/invitations/" + i.Invitation.Id)
                : Problems.Of(Refusal.NotFound("person"))).RequireStepUp("user.re-enrol", Subject);
        manage.MapDelete("/{id}/sessions", (string id, HttpContext http, Users people) => people.EndSessionsAsync(http, id, null));
        manage.MapDelete("/{id}/sessions/{session}", (string id, string session, HttpContext http, Users people) => people.EndSessionsAsync(http, id, session));
    }

    private static async Task<IResult> CompleteAsync(Body<CompleteEnrolment> body, HttpContext http, Invitations invitations, SignInLimits limits, SignInFlow flow, Sessions sessions)
    {
        if (TooMany(http, limits) is { } wait) return wait;
        var outcome = await invitations.CompleteAsync(http, body.Value);
        if (outcome.Refusal is { } refusal) return Problems.Of(refusal);
        var made = outcome.Value!;
        if (await flow.OpenAsync(http, made.User, made.Methods, mustEnrol: false) is { } unavailable) return Problems.Of(unavailable);
        return Answers.Json(new Enrolled(await sessions.ViewAsync(http), made.RecoveryCodes), StatusCodes.Status201Created);
    }

    private static string Subject(EndpointFilterInvocationContext context) => "user:" + context.GetArgument<string>(0);

    private static string SubjectWithRole(EndpointFilterInvocationContext context) => $"{Subject(context)}:{context.GetArgument<Command<ChangeRole>>(1).Value.Role}";

    private static IResult? TooMany(HttpContext http, SignInLimits limits) => limits.Invitation.Try(SignInLimits.AddressOf(http)) is { } wait ? Problems.RateLimited(http, wait) : null;

    private static IResult Answer<T>(Outcome<T> outcome)
        where T : class => outcome.Refusal is { } refusal ? Problems.Of(refusal) : Answers.Json(outcome.Value!);
}
