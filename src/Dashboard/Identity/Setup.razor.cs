using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Identity;

/// <summary>First start: makes the first SeniorAdmin with the token of the one-time link (kept in the hash, which never reaches a server log).</summary>
public sealed partial class Setup
{
    private bool? _required;
    private string _token = "";
    private bool _tokenFromLink;
    private bool _done;
    private Problem? _refused;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        var module = await Browser.ModuleAsync();
        _token = (await module.InvokeAsync<string?>("hash") ?? "").Replace("token=", "", StringComparison.Ordinal);
        _tokenFromLink = _token.Length > 0;
        await module.InvokeVoidAsync("clearHash");
        var state = await Api.GetAsync("api/setup", ForgeJson.Default.SetupState);
        (_required, _refused) = (state.Value?.Required, state.Problem);
    }

    private void Refused(Problem problem)
    {
        if (problem.Code == "setup_done") _required = false;
        else (_refused, _tokenFromLink) = (problem, false);
    }
}
