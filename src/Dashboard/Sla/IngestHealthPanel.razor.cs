using Forge.Dashboard.Api;
using Forge.Dashboard.Live;
using Forge.Domain.Sla;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Sla;

/// <summary>What became of what each key sent, read again every few seconds, and how to send.</summary>
public sealed partial class IngestHealthPanel : IDisposable
{
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan SilentAfter = TimeSpan.FromMinutes(2);

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);
    private IngestHealth? _health;
    private Problem? _problem;
    private DateTimeOffset _loadedAt;
    private DateTimeOffset _askedAt;
    private string _sender = "Prometheus";
    private bool _asking;

    /// <summary>Figures were read.</summary>
    [Parameter] public EventCallback<IngestHealth> OnLoaded { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private bool Old => _health is not null && Store.Now - _loadedAt >= StaleAfter;

    private string Snippet => Snippets.Single(s => s.Name == _sender).Text;

    private (string Name, string Text)[] Snippets =>
    [
        ("Prometheus",
            $"""
            remote_write:
              - url: {Navigation.BaseUri}api/ingest/prometheus/write
                authorization:
                  type: Bearer
                  credentials: fik_…
            # every series needs a label: organization_id="eu-…"
            """),
        ("OpenTelemetry",
            $"""
            OTEL_EXPORTER_OTLP_METRICS_ENDPOINT={Navigation.BaseUri}api/ingest/otlp/v1/metrics
            OTEL_EXPORTER_OTLP_METRICS_PROTOCOL=http/protobuf
            OTEL_EXPORTER_OTLP_METRICS_HEADERS=authorization=Bearer%20fik_…
            OTEL_RESOURCE_ATTRIBUTES=organization_id=eu-…
            OTEL_METRIC_EXPORT_INTERVAL=10000
            """),
        ("curl",
            $$"""
            curl {{Navigation.BaseUri}}api/ingest/metrics \
              -H 'Authorization: Bearer fik_…' -H 'Content-Type: application/json' \
              -d '{"intervals":[{"organizationId":"eu-…","from":'$(date -d -10sec +%s000)',"to":'$(date +%s000)',"total":100,"bad":1}]}'
            """),
    ];

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        Store.Second += Tick;
        await LoadAsync();
    }

    private Health Level(IngestKeyHealth key) => Store.Now - key.LastAt >= SilentAfter ? Health.Stale : key.Refused.Count + key.Faults.Count > 0 ? Health.Warning : Health.Good;

    private string State(IngestKeyHealth key) => Level(key) switch { Health.Stale => "Silent", Health.Warning => "Some refused", _ => "Receiving" };

    private async Task LoadAsync()
    {
        if (_asking) return;
        (_asking, _askedAt) = (true, Store.Now);
        var answer = await Api.GetAsync("api/sla/ingest-health", ForgeJson.Default.IngestHealth);
        _problem = answer.Problem;
        if (answer.Value is { } health)
        {
            (_health, _loadedAt) = (health, Store.Now);
            if (health.Keys.Any(k => !_names.ContainsKey(k.KeyId))) await NameAsync(health);
            await OnLoaded.InvokeAsync(health);
        }
        _asking = false;
    }

    // A key without a name here is asked for once: beyond the first 200 its id is shown.
    private async Task NameAsync(IngestHealth health)
    {
        var answer = await Api.GetAsync("api/ingest-keys?limit=200", ForgeJson.Default.PageIngestKeyView);
        if (answer.Value is not { } page) return;
        foreach (var key in page.Items) _names[key.Id] = key.Name;
        foreach (var key in health.Keys) _names.TryAdd(key.KeyId, $"fik_{key.KeyId}_…");
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (Store.Now - _askedAt >= ReloadEvery) await LoadAsync();
        StateHasChanged();
    });
}
