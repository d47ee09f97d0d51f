using Forge.Dashboard.Api;
using Forge.Dashboard.Live;
using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Identity;

/// <summary>A quiet notice in the last minutes of a session. It only tells: the server ends sessions, and asking it whether one lives would keep that one alive.</summary>
public sealed partial class SessionWatch : IDisposable
{
    /// <summary>A session without requests ends after this. Source: security.md 3.</summary>
    public static readonly TimeSpan IdleEnd = TimeSpan.FromMinutes(30);

    /// <summary>The notice appears this long before.</summary>
    public static readonly TimeSpan Notice = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(30);

    private DateTimeOffset _lastWork;
    private DateTimeOffset _told;
    private DateTimeOffset? _ending;
    private bool _idle;
    private bool _busy;

    [Inject] private ForgeApi Api { get; set; } = null!;

    [Inject] private SessionState Session { get; set; } = null!;

    [Inject] private SessionTabs Tabs { get; set; } = null!;

    [Inject] private LiveStore Store { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose()
    {
        Api.Answered -= Worked;
        Tabs.Heard -= Heard;
        Store.Second -= Look;
    }

    /// <inheritdoc />
    protected override void OnInitialized()
    {
        _lastWork = _told = Time.GetUtcNow();
        Api.Answered += Worked;
        Tabs.Heard += Heard;
        Store.Second += Look;
    }

    private void Worked()
    {
        _lastWork = Time.GetUtcNow();
        if (_lastWork - _told < TellEvery) return;
        _told = _lastWork;
        _ = Tabs.TellAsync(SessionTabs.AtWork);
    }

    private void Heard(string what)
    {
        if (what == SessionTabs.AtWork) _lastWork = Time.GetUtcNow();
    }

    private void Look()
    {
        var now = Time.GetUtcNow();
        var idleEnd = _lastWork + IdleEnd;
        var hardEnd = Session.View?.EndsAt ?? DateTimeOffset.MaxValue;
        var idle = idleEnd < hardEnd;
        var end = idle ? idleEnd : hardEnd;
        DateTimeOffset? ending = Session.Authenticated && now < end && end - now <= Notice ? end : null;
        if (ending is null && _ending is null) return;
        (_ending, _idle) = (ending, idle);
        _ = InvokeAsync(StateHasChanged);
    }

    private async Task StayAsync()
    {
        _busy = true;
        await Session.LoadAsync();
        _busy = false;
        Look();
    }
}
