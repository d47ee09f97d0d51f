using Microsoft.JSInterop;

namespace Forge.Dashboard.Identity;

/// <summary>What the tabs of one browser, who share one session, tell each other.</summary>
public sealed class SessionTabs(IJSRuntime js) : IDisposable
{
    /// <summary>The session was ended in another tab.</summary>
    public const string Ended = "ended";

    /// <summary>Somebody is at work in another tab.</summary>
    public const string AtWork = "at-work";

    private Task<IJSObjectReference>? _module;
    private DotNetObjectReference<SessionTabs>? _self;

    /// <summary>Another tab said something: <see cref="Ended"/> or <see cref="AtWork"/>.</summary>
    public event Action<string>? Heard;

    /// <summary>Tells the other tabs.</summary>
    public async Task TellAsync(string what) => await (await ModuleAsync()).InvokeVoidAsync("tell", what);

    /// <summary>Listens from now on; once is enough.</summary>
    public async Task ListenAsync()
    {
        if (_self is not null) return;
        _self = DotNetObjectReference.Create(this);
        await (await ModuleAsync()).InvokeVoidAsync("listen", _self);
    }

    /// <summary>Called by the script.</summary>
    [JSInvokable]
    public void Told(string what) => Heard?.Invoke(what);

    /// <inheritdoc />
    public void Dispose() => _self?.Dispose();

    private Task<IJSObjectReference> ModuleAsync() => _module ??= js.InvokeAsync<IJSObjectReference>("import", "./js/session.js").AsTask();
}
