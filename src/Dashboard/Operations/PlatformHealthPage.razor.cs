using Forge.Dashboard.Api;
using Forge.Dashboard.Live;
using Forge.Domain.Operations;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Operations;

/// <summary>The platform about itself: its process, silos, telemetry, database, queues and journal, each figure with the bound it is judged by. Read again every 5 s.</summary>
public sealed partial class PlatformHealthPage : IDisposable
{
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(15);

    private PlatformHealthView? _view;
    private Problem? _problem;
    private DateTimeOffset _askedAt;
    private DateTimeOffset _loadedAt;
    private bool _asking;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    private bool Old => _view is not null && Store.Now - _loadedAt >= StaleAfter;

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override Task OnInitializedAsync()
    {
        Store.Second += Tick;
        return LoadAsync();
    }

    private async Task LoadAsync()
    {
        if (_asking) return;
        (_asking, _askedAt) = (true, Store.Now);
        var answer = await Api.GetAsync("api/operations/health", ForgeJson.Default.PlatformHealthView);
        _asking = false;
        _problem = answer.Problem;
        if (answer.Value is { } view) (_view, _loadedAt) = (view, Store.Now);
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (Store.Now - _askedAt >= ReloadEvery) await LoadAsync();
        StateHasChanged();
    });
}
