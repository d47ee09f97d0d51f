using System.Collections.Immutable;
using Forge.Dashboard.Frame;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Identity;

/// <summary>Recovery codes, shown once: to copy, to download, and to confirm that they are kept.</summary>
public sealed partial class RecoveryCodesPanel
{
    private bool _kept;

    /// <summary>The codes as the server made them.</summary>
    [Parameter, EditorRequired] public ImmutableArray<string> Codes { get; set; }

    /// <summary>Whose they are; stands in the file.</summary>
    [Parameter] public string? Email { get; set; }

    /// <summary>False inside a dialog, which has a title of its own.</summary>
    [Parameter] public bool Heading { get; set; } = true;

    /// <summary>The person says that they are kept.</summary>
    [Parameter] public EventCallback OnKept { get; set; }

    [Inject] private Browser Browser { get; set; } = null!;

    private string AsText => string.Join('\n', Codes.Select(Grouped));

    /// <summary>In groups of four, which people copy without mistakes.</summary>
    internal static string Grouped(string code) => string.Join('-', code.Replace("-", "", StringComparison.Ordinal).Chunk(4).Select(c => new string(c)));

    private async Task SaveAsync() =>
        await (await Browser.ModuleAsync()).InvokeVoidAsync("save", "forge-recovery-codes.txt", "text/plain", $"Forge recovery codes{(Email is null ? "" : " of " + Email)}\nEach works once.\n\n{AsText}\n");
}
