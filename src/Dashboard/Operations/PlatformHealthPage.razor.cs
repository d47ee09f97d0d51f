using Forge.Dashboard.Api;
using Forge.Dashboard.Live;
using Forge.Domain.Operations;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Operations;

/// <summary>The platform about itself: its process, silos, telemetry, database, queues and journal, each figure with the bound it is judged by. Read again every 5 s.</summary>
public sealed partial class PlatformHealthPage : IDisposable
{
    private Reread<PlatformHealthView> _health = null!;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override Task OnInitializedAsync()
    {
        _health = new(Store, () => Api.GetAsync("api/operations/health", ForgeJson.Default.PlatformHealthView));
        Store.Second += Tick;
        return _health.LoadAsync();
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        await _health.TickAsync();
        StateHasChanged();
    });
}
