using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>Asks for a passkey or a code when a command needs a proof of its own, and says what for.</summary>
public sealed partial class StepUpDialog : IDisposable
{
    private StepUpQuestion? _question;
    private StepUpOptions? _options;
    private Problem? _problem;
    private string _code = "";
    private string? _focus;
    private string? _there;
    private bool _busy;

    [Inject] private StepUpDesk Desk { get; set; } = null!;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private Passkeys Passkeys { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose()
    {
        Desk.Changed -= Look;
        if (_question is not null) Desk.Answer(null);
    }

    /// <inheritdoc />
    protected override void OnInitialized() => Desk.Changed += Look;

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_focus is not { } field) return;
        _focus = null;
        await Browser.FocusAsync(field);
    }

    private void Look() => _ = InvokeAsync(async () =>
    {
        if (ReferenceEquals(Desk.Question, _question)) return;
        (_question, _options, _problem, _code, _busy) = (Desk.Question, null, null, "", false);
        StateHasChanged();
        if (_question is null) return;
        await BeginAsync();
        StateHasChanged();
    });

    private async Task BeginAsync()
    {
        if (_question is not { } question) return;
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/step-up/options", new StepUpRequest(question.Purpose, question.Subject), ForgeJson.Default.StepUpRequest, ForgeJson.Default.StepUpOptions);
        if (!ReferenceEquals(question, _question)) return;
        (_options, _problem, _there) = (answer.Value, answer.Problem, null);
        _focus = _options switch { { PasskeyOptions: not null } => "#step-up-passkey", { Code: true } => "#step-up-code", _ => null };
    }

    private async Task PasskeyAsync()
    {
        if (_busy || _options?.PasskeyOptions is not { } passkey) return;
        (_busy, _problem) = (true, null);
        var answer = await Passkeys.GetAsync(passkey);
        if (answer.Credential is { } credential) await ProveAsync(credential, null);
        else (_busy, _problem) = (false, answer.Problem);
    }

    private async Task CodeAsync()
    {
        if (_busy || _options is not { Code: true } || string.IsNullOrWhiteSpace(_code)) return;
        (_busy, _problem) = (true, null);
        await ProveAsync(null, _code.Replace(" ", "", StringComparison.Ordinal));
    }

    // In another tab, so that what waits for the proof is still here afterwards.
    private async Task ProviderAsync()
    {
        if (_busy || _options is not { } options) return;
        (_busy, _problem) = (true, null);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/oidc", new OidcStart(StepUpId: options.StepUpId), ForgeJson.Default.OidcStart, ForgeJson.Default.OidcRedirect);
        (_busy, _there, _problem) = (false, answer.Value?.Url, answer.Problem);
    }

    private async Task ProveAsync(string? credential, string? code)
    {
        var (question, options) = (_question, _options!);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/auth/step-up", new StepUpProof(options.StepUpId, credential, code), ForgeJson.Default.StepUpProof, ForgeJson.Default.StepUpDone);
        // Left meanwhile: the proof is not used.
        if (!ReferenceEquals(question, _question)) return;
        (_busy, _code) = (false, "");
        if (answer.Value is not { } done)
        {
            (_problem, _focus) = (answer.Problem, options.Code ? "#step-up-code" : null);
            // A passkey's challenge is used up by an attempt.
            if (credential is not null) await KeepAsync(BeginAsync);
            return;
        }
        Session.Take(done.Session);
        Desk.Answer(done.StepUpId);
    }

    /// <summary>Asks for new options but goes on showing why the last attempt failed.</summary>
    private async Task KeepAsync(Func<Task> begin)
    {
        var problem = _problem;
        await begin();
        _problem ??= problem;
    }

    private void Leave() => Desk.Answer(null);
}
