using Forge.Dashboard.Api;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>Open sessions of an account, one's own or another person's; each can be ended.</summary>
public sealed partial class SessionsPanel
{
    private const string All = "";

    private List<SessionRow>? _rows;
    private Problem? _problem;
    private string? _asked;
    private string? _loaded;
    private bool _busy;

    /// <summary>Address of the list, without a slash at its end.</summary>
    [Parameter, EditorRequired] public string Path { get; set; } = "";

    /// <summary>Name of the person; null for oneself.</summary>
    [Parameter] public string? Who { get; set; }

    /// <summary>Whether sessions may be ended here.</summary>
    [Parameter] public bool MayEnd { get; set; } = true;

    /// <summary>Something outside ended sessions: a higher number reads the list again.</summary>
    [Parameter] public int Version { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    private bool Own => Who is null;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        var asked = $"{Path} {Version}";
        if (_loaded == asked) return;
        if (_loaded?.StartsWith(Path + ' ', StringComparison.Ordinal) != true) _rows = null;
        _loaded = asked;
        await LoadAsync();
    }

    private static string Methods(SessionRow row) => row.Methods.IsDefaultOrEmpty ? "unknown means" : string.Join(" and ", row.Methods.Select(m => m switch
    {
        "pwd" => "password",
        "otp" => "code",
        "recovery" => "recovery code",
        _ => m,
    }));

    private async Task LoadAsync() => Take(await Api.GetAsync(Path, ForgeJson.Default.SessionRows));

    private async Task EndAsync(string id)
    {
        _busy = true;
        Take(await Api.SendAsync(HttpMethod.Delete, id == All ? Path : $"{Path}/{Uri.EscapeDataString(id)}", ForgeJson.Default.SessionRows));
        (_busy, _asked) = (false, null);
    }

    private void Take(Answer<SessionRows> answer)
    {
        _problem = answer.Problem;
        // The one that asks first, then the one seen last.
        if (answer.Value is { } list) _rows = [.. list.Items.OrderByDescending(r => r.Current).ThenByDescending(r => r.LastSeenAt)];
    }
}
