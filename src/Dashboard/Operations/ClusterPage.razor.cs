using System.Collections.Immutable;
using Forge.Dashboard.Api;
using Forge.Dashboard.Live;
using Forge.Domain.Operations;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Operations;

/// <summary>Every silo and web node of the cluster, what waits in it and how the feed between them does. Read again every 5 s; the order is part of the address.</summary>
public sealed partial class ClusterPage : IDisposable
{
    private Reread<ClusterView> _cluster = null!;
    private ImmutableArray<ClusterMember> _shown = [];
    private string? _order;
    private bool _held;

    /// <summary>Order of the processes; a minus in front for descending.</summary>
    [SupplyParameterFromQuery] public string? Sort { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string SortText => Sort is { Length: > 0 } sort && ClusterRules.SortFields.Contains(sort.TrimStart('-')) ? sort : "state";

    /// <summary>Rows do not jump while somebody points at the list: figures are new, places are those of before.</summary>
    private ImmutableArray<ClusterMember> Rows
    {
        get
        {
            if (_cluster.Value is not { } view) return [];
            var sorted = ClusterRules.Sort(view.Members, SortText.TrimStart('-'), SortText.StartsWith('-'));
            if (_held && _order == SortText)
            {
                var before = _shown.Select((m, at) => (m.Id, at)).ToDictionary(p => p.Id, p => p.at, StringComparer.Ordinal);
                sorted = [.. sorted.OrderBy(m => before.GetValueOrDefault(m.Id, int.MaxValue))];
            }
            (_shown, _order) = (sorted, SortText);
            return sorted;
        }
    }

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override Task OnInitializedAsync()
    {
        _cluster = new(Store, () => Api.GetAsync("api/operations/cluster", ForgeJson.Default.ClusterView));
        Store.Second += Tick;
        return _cluster.LoadAsync();
    }

    private void SortBy(string sort) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("sort", sort));

    private void Release() => _held = false;

    private void Tick() => _ = InvokeAsync(async () =>
    {
        await _cluster.TickAsync();
        StateHasChanged();
    });
}
