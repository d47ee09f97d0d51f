using System.Collections.Immutable;
using Forge.Dashboard.Api;
using Forge.Dashboard.Format;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>Who may send telemetry: list, creation with the secret shown once, revocation.</summary>
public sealed partial class IngestKeysPage : IDisposable
{
    private List<IngestKeyView>? _keys;
    private Problem? _problem;
    private Problem? _formProblem;
    private CreatedIngestKey? _created;
    private IngestKeyView? _revoke;
    private IngestKeyView? _rotate;
    private string _name = "";
    private string _organizations = "";
    private int _days = 365;
    private string _addresses = "";
    private bool _all;
    private bool _rotated;
    private bool _busy;

    /// <summary>1: the form for a new key is open.</summary>
    [SupplyParameterFromQuery] public int? New { get; set; }

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string? Sentence => _keys is null ? null
        : $"{Say.Many(_keys.Count(k => State(k) == "Active"), "key may", "keys may")} send telemetry.";

    private string Snippet =>
        $"""
        remote_write:
          - url: {Navigation.BaseUri}api/ingest/prometheus/write
            authorization:
              type: Bearer
              credentials: {_created?.Secret}
            metadata_config:
              send: false
            queue_config:
              batch_send_deadline: 2s
        """;

    /// <inheritdoc />
    public void Dispose() => Store.Second -= Tick;

    /// <inheritdoc />
    protected override async Task OnInitializedAsync()
    {
        Store.Second += Tick;
        await LoadAsync();
    }

    private static string State(IngestKeyView key, DateTimeOffset now) => key.RevokedAt is not null ? "Revoked" : key.ExpiresAt <= now ? "Expired" : "Active";

    private string State(IngestKeyView key) => State(key, Store.Now);

    private Health Level(IngestKeyView key) => State(key) == "Active" ? key.LastUsedAt is null ? Health.NoSla : Health.Good : Health.Stale;

    private string NameOf(string id) => Store.Board.Tile(id)?.Name ?? id;

    private async Task LoadAsync()
    {
        var answer = await Api.GetAsync("api/ingest-keys?limit=200", ForgeJson.Default.PageIngestKeyView);
        _problem = answer.Problem;
        if (answer.Value is { } page) _keys = [.. page.Items];
    }

    private async Task CreateAsync()
    {
        _busy = true;
        var command = new CreateIngestKey(_name.Trim(), _all ? [] : Words(_organizations), _days, _all, null, Words(_addresses));
        var answer = await Api.SendAsync(HttpMethod.Post, "api/ingest-keys", command, ForgeJson.Default.CreateIngestKey, ForgeJson.Default.CreatedIngestKey);
        _busy = false;
        _formProblem = answer.Problem;
        if (answer.Value is not { } created) return;
        (_created, _rotated, _name, _organizations, _addresses, _all) = (created, false, "", "", "", false);
        await LoadAsync();
    }

    private async Task RotateAsync()
    {
        if (_rotate is not { } key) return;
        _busy = true;
        var answer = await Api.SendAsync(HttpMethod.Post, $"api/ingest-keys/{key.Id}/rotate", ForgeJson.Default.CreatedIngestKey);
        _busy = false;
        _formProblem = answer.Problem;
        if (answer.Value is not { } created) return;
        (_created, _rotated, _rotate) = (created, true, null);
        await LoadAsync();
    }

    private static ImmutableArray<string> Words(string text) => [.. text.Split([',', ' ', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private async Task RevokeAsync()
    {
        if (_revoke is not { } key) return;
        _busy = true;
        _formProblem = await Api.SendAsync(HttpMethod.Delete, "api/ingest-keys/" + key.Id);
        _busy = false;
        if (_formProblem is not null) return;
        _revoke = null;
        await LoadAsync();
    }

    private void Done()
    {
        _created = null;
        Ask(false);
    }

    private void Ask(bool open)
    {
        _formProblem = null;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter("new", open ? 1 : (int?)null));
    }

    private void Tick() => _ = InvokeAsync(StateHasChanged);
}
