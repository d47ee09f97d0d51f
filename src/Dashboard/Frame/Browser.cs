using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Frame;

/// <summary>What only the browser can do: clipboard, focus, sizes, local memory.</summary>
public sealed class Browser(IJSRuntime js)
{
    private Task<IJSObjectReference>? _module;

    /// <summary>The script module.</summary>
    public Task<IJSObjectReference> ModuleAsync() => _module ??= js.InvokeAsync<IJSObjectReference>("import", "./js/forge.js").AsTask();

    /// <summary>Copies text; false when the browser does not allow it.</summary>
    public async Task<bool> CopyAsync(string text) => await (await ModuleAsync()).InvokeAsync<bool>("copy", text);

    /// <summary>Focuses the first element that matches.</summary>
    public async Task FocusAsync(string selector) => await (await ModuleAsync()).InvokeVoidAsync("focus", selector);

    /// <summary>Scrolls the first element that matches into view.</summary>
    public async Task ShowAsync(string selector) => await (await ModuleAsync()).InvokeVoidAsync("showSelected", selector);

    /// <summary>Remembers a small value on this device.</summary>
    public async Task RememberAsync(string key, string value) => await (await ModuleAsync()).InvokeVoidAsync("remember", key, value);

    /// <summary>A value remembered on this device, or null.</summary>
    public async Task<string?> RecallAsync(string key) => await (await ModuleAsync()).InvokeAsync<string?>("recall", key);

    /// <summary>Reports the size of an element to <c>Resized(width, height)</c> of the receiver, in CSS pixels.</summary>
    public async Task<IJSObjectReference> ObserveSizeAsync<T>(ElementReference element, DotNetObjectReference<T> receiver)
        where T : class => await (await ModuleAsync()).InvokeAsync<IJSObjectReference>("observeSize", element, receiver);
}
