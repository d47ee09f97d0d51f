using Microsoft.JSInterop;

namespace Forge.Dashboard.Theme;

/// <summary>The person's theme: system, dark or light. The script <c>js/theme.js</c> owns the choice; this is its mirror.</summary>
public sealed class ThemeState(IJSRuntime js) : IDisposable
{
    private DotNetObjectReference<ThemeState>? _self;

    /// <summary>Raised when the visible theme changed.</summary>
    public event Action? Changed;

    /// <summary>What is shown now.</summary>
    public bool IsDark { get; private set; } = true;

    /// <summary><c>system</c>, <c>dark</c> or <c>light</c>.</summary>
    public string Choice { get; private set; } = "system";

    /// <summary>Reads the choice and follows it.</summary>
    public async Task StartAsync(IJSObjectReference module)
    {
        _self ??= DotNetObjectReference.Create(this);
        Choice = await js.InvokeAsync<string>("forgeTheme.choice") ?? "system";
        Shown(await js.InvokeAsync<string>("forgeTheme.resolved"));
        await module.InvokeVoidAsync("followTheme", _self);
    }

    /// <summary>Pins a theme, or follows the system again.</summary>
    public async Task SetAsync(string choice)
    {
        Choice = choice;
        await js.InvokeVoidAsync("forgeTheme.set", choice);
        Changed?.Invoke();
    }

    /// <summary>Called by the script when the visible theme changed.</summary>
    [JSInvokable]
    public void Shown(string? theme)
    {
        IsDark = theme != "light";
        Changed?.Invoke();
    }

    /// <inheritdoc />
    public void Dispose() => _self?.Dispose();
}
