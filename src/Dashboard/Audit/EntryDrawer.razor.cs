using System.Globalization;
using Forge.Dashboard.Api;
using Forge.Dashboard.Frame;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;

namespace Forge.Dashboard.Audit;

/// <summary>One entry with what it says, why, and its hashes; has its own address.</summary>
public sealed partial class EntryDrawer
{
    private JournalEntryView? _entry;
    private ChainStatus? _chain;
    private Problem? _problem;
    private string? _loaded;

    /// <summary>Chain, a slash, number.</summary>
    [Parameter, EditorRequired] public string Id { get; set; } = "";

    /// <summary>Address without the drawer.</summary>
    [Parameter, EditorRequired] public string CloseHref { get; set; } = "";

    /// <summary>Name of an actor.</summary>
    [Parameter] public Func<string, string>? NameOf { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private Browser Browser { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private bool Doubtful => _chain!.Findings.Any(f => f.Seq <= _entry!.Seq && _entry.Seq <= f.LastSeq);

    private bool Seen => _entry!.Seq <= _chain!.VerifiedThrough;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == Id) return;
        _loaded = Id;
        (_entry, _chain) = (null, null);
        await LoadAsync();
    }

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender) await Browser.FocusAsync("#drawer-title");
    }

    private static string Title(string name) => name switch
    {
        "" => "Body",
        "before" or "previous" => "Before",
        "after" or "current" => "After",
        _ => name,
    };

    private async Task LoadAsync()
    {
        var asked = Id;
        var (chain, seq) = asked.Split('/') is [var name, var number] ? (name, number) : ("", "0");
        var status = Api.GetAsync("api/audit/chains/" + Uri.EscapeDataString(chain), ForgeJson.Default.ChainStatus);
        var answer = await Api.GetAsync(string.Create(CultureInfo.InvariantCulture, $"api/audit/journal/{Uri.EscapeDataString(chain)}/{Uri.EscapeDataString(seq)}"), ForgeJson.Default.JournalEntryView);
        var known = (await status).Value;
        if (asked == Id) (_entry, _problem, _chain) = (answer.Value, answer.Problem, known);
    }

    private void Pressed(KeyboardEventArgs e)
    {
        if (e.Key == "Escape") Navigation.NavigateTo(CloseHref);
    }
}
