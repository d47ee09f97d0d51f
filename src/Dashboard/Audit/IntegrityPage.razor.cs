using System.Text.Json;
using Forge.Dashboard.Api;
using Forge.Dashboard.Identity;
using Forge.Dashboard.Live;
using Forge.Domain.Audit;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Audit;

/// <summary>How it is known that nobody changed the journal: verifier, seals, keys, database accounts. Read again every 5 s, and every second while a check runs.</summary>
public sealed partial class IntegrityPage : IDisposable
{
    private static readonly TimeSpan ReloadEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(15);

    private VerificationView? _view;
    private List<(JournalEntryView Entry, JournalReport? Report)>? _runs;
    private List<SealView>? _seals;
    private List<PublicKeyView>? _keys;
    private Problem? _problem;
    private Problem? _refused;
    private DateTimeOffset _askedAt;
    private DateTimeOffset _loadedAt;
    private string _text = "";
    private string _told = "";
    private bool _asking;
    private bool _starting;
    private bool _recording;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    private JournalProgress? Running => _view?.Status.Running;

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
        var answer = await Api.GetAsync("api/audit/verification", ForgeJson.Default.VerificationView);
        _problem = answer.Problem;
        if (answer.Value is { } view)
        {
            // Runs, seals and keys change when a check or a seal was made.
            var moved = _view is null || view.Status.CompleteAt != _view.Status.CompleteAt || view.Status.LastSealSeq != _view.Status.LastSealSeq || view.Status.Findings.Length != _view.Status.Findings.Length;
            Take(view);
            if (moved) await LoadListsAsync();
        }
        _asking = false;
    }

    private async Task LoadListsAsync()
    {
        var verified = Api.GetAsync("api/audit/journal?chain=platform&action=journal.verified&limit=10", ForgeJson.Default.JournalPage);
        var disagreed = Api.GetAsync("api/audit/journal?chain=platform&action=journal.disagreement&limit=10", ForgeJson.Default.JournalPage);
        var seals = Api.GetAsync("api/audit/seals?limit=10", ForgeJson.Default.PageSealView);
        var keys = Api.GetAsync("api/audit/keys", ForgeJson.Default.PublicKeySet);
        if ((await verified).Value is { } runs && (await disagreed).Value is { } others)
            _runs = [.. runs.Items.Concat(others.Items).DistinctBy(e => e.Seq).OrderByDescending(e => e.At).Take(10).Select(e => (e, Read(e.Body)))];
        if ((await seals).Value is { } newest) _seals = [.. newest.Items];
        if ((await keys).Value is { } all) _keys = [.. all.Keys];
    }

    private void Take(VerificationView view)
    {
        if (Running is not null && view.Status.Running is null) _told = view.Words;
        (_view, _loadedAt) = (view, Store.Now);
    }

    private async Task VerifyAsync()
    {
        (_starting, _told) = (true, "");
        var answer = await Api.SendAsync(HttpMethod.Post, "api/audit/verification", ForgeJson.Default.VerificationView);
        _starting = false;
        _problem = answer.Problem;
        if (answer.Value is { } view) Take(view);
    }

    private async Task RecordAsync()
    {
        if (_starting || string.IsNullOrWhiteSpace(_text)) return;
        (_starting, _refused) = (true, null);
        var answer = await Api.SendAsync(HttpMethod.Post, "api/audit/incidents", new RecordIncident(_text.Trim()), ForgeJson.Default.RecordIncident, ForgeJson.Default.VerificationView);
        _starting = false;
        _refused = answer.Problem;
        if (answer.Value is not { } view) return;
        (_recording, _text, _told) = (false, "", "The incident is recorded.");
        Take(view);
    }

    private void Tick() => _ = InvokeAsync(async () =>
    {
        if (Running is not null || Store.Now - _askedAt >= ReloadEvery) await LoadAsync();
        StateHasChanged();
    });

    private static JournalReport? Read(string? body)
    {
        try
        {
            return body is null ? null : JsonSerializer.Deserialize(body, ForgeJson.Default.JournalReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
