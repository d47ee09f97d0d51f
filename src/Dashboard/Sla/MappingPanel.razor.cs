using System.Collections.Immutable;
using Forge.Dashboard.Api;
using Forge.Dashboard.Identity;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>One signal mapping: shown to everybody, changed as a whole by an administrator, who reads what that changes before saving.</summary>
public sealed partial class MappingPanel
{
    private SlaMappingView? _view;
    private MappingForm? _form;
    private Problem? _problem;
    private ImmutableArray<string> _changes = [];
    private string? _loaded;
    private string _key = "";
    private bool _saving;

    /// <summary>Whose mapping; null = the default.</summary>
    [Parameter] public string? OrganizationId { get; set; }

    /// <summary>Its name, once the board told it.</summary>
    [Parameter] public string? OrganizationName { get; set; }

    /// <summary>What is being typed, for trying it out; null when nothing is.</summary>
    [Parameter] public EventCallback<MappingForm?> OnDraft { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    private string Path => OrganizationId is { } id ? $"api/sla/organizations/{Uri.EscapeDataString(id)}/mapping" : "api/sla/mapping/default";

    private string? Name => OrganizationId is { } id ? OrganizationName ?? id : null;

    private string Origin => _view switch
    {
        null => "",
        { Own: true, Version: var v } => $"version {v}",
        _ => OrganizationId is null ? "as shipped" : "the default applies",
    };

    private string Scope => OrganizationId is null ? "It applies to every organization without a mapping of its own." : _view!.Own ? $"It applies to {Name} alone." : $"{Name} gets a mapping of its own and no longer follows the default.";

    private string Button => OrganizationId is null ? "Save the default" : $"Save for {Name}";

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == Path) return;
        _loaded = Path;
        await LoadAsync();
    }

    private static string Listed(ImmutableArray<string> names) => names.IsDefaultOrEmpty ? "none" : string.Join(", ", names);

    private async Task LoadAsync()
    {
        var asked = Path;
        (_view, _problem) = (null, null);
        await LeaveAsync();
        var answer = await Api.GetAsync(asked, ForgeJson.Default.SlaMappingView);
        if (asked != Path) return;
        (_view, _problem) = (answer.Value, answer.Problem);
    }

    private async Task Edit()
    {
        (_form, _problem, _key) = (MappingForm.Of(_view!.Mapping), null, Guid.NewGuid().ToString("N"));
        Said();
        await OnDraft.InvokeAsync(_form);
    }

    private async Task LeaveAsync()
    {
        (_form, _changes) = (null, []);
        if (_view is not null) _problem = null;
        await OnDraft.InvokeAsync(null);
    }

    private void Said() => _changes = _form!.Read() is { Mapping: { } typed } ? TelemetryWords.Changes(_view!.Mapping, typed) : ["A number cannot be read yet."];

    private async Task SaveAsync()
    {
        if (_saving || _form is null) return;
        var (typed, wrong) = _form.Read();
        if (typed is null)
        {
            _problem = new Problem("/problems/validation_failed", "A value cannot be read", 0, "First and last bad value are whole numbers.", "validation_failed", null, new Dictionary<string, string>(StringComparer.Ordinal) { [wrong!] = "not_a_number" });
            return;
        }
        _saving = true;
        var asked = Path;
        var answer = await Api.SendAsync(HttpMethod.Put, asked, typed, ForgeJson.Default.PutSlaMapping, ForgeJson.Default.SlaMapping, _view!.Version, _key);
        _saving = false;
        if (asked != Path) return;
        _problem = answer.Problem;
        // An unanswered command keeps its key, so that it cannot happen twice; a refused one gets a new key.
        if (_problem is { Code: not "unreachable" }) _key = Guid.NewGuid().ToString("N");
        if (answer.Value is not { } saved) return;
        _view = new SlaMappingView(saved, true, answer.Version ?? _view.Version + 1);
        await LeaveAsync();
    }
}
