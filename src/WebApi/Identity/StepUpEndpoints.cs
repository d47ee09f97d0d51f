using Forge.Domain.Audit;
using Forge.WebApi.Http;

namespace Forge.WebApi.Identity;

/// <summary>Asks for and proves step-ups.</summary>
internal static class StepUpEndpoints
{
    public static void MapStepUps(this IEndpointRouteBuilder api)
    {
        var own = api.MapGroup("/auth/step-up").RequireAuthorization(Policies.AccountManage).RefuseUnreadable();
        own.MapPost("/options", async (Body<StepUpRequest> body, HttpContext http, SignInLimits limits, StepUps stepUps) =>
        {
            if (limits.StepUp.Try(http.LiveSession()!.UserId) is { } wait) return Problems.RateLimited(http, wait);
            var outcome = await stepUps.BeginAsync(http, http.LiveSession()!, body.Value);
            return outcome.Refusal is { } refusal ? Problems.Of(refusal) : Answers.Json(outcome.Value!);
        });
        own.MapPost("", async (Body<StepUpProof> body, HttpContext http, SignInLimits limits, StepUps stepUps, Sessions sessions) =>
        {
            var person = http.LiveSession()!.UserId;
            if ((limits.Address.Try(SignInLimits.AddressOf(http)) ?? limits.Account.Try(person)) is { } wait) return Problems.RateLimited(http, wait);
            var outcome = await stepUps.ProveAsync(http, http.LiveSession()!, body.Value);
            if (outcome.Refusal is { } refusal) return Problems.Of(refusal);
            limits.Account.Clear(person);
            limits.Address.Clear(SignInLimits.AddressOf(http));
            return Answers.Json(new StepUpDone(outcome.Value!.Id, outcome.Value.ProvedAt!.Value + StepUps.Life, await sessions.ViewAsync(http)));
        });
    }
}
