using Forge.Dashboard.Frame;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Forge.Dashboard.Components;

/// <summary>A modal question or form on the browser's own dialog element.</summary>
public sealed partial class Modal : IDisposable
{
    private static int _count;
    private readonly string _id = $"modal-{++_count}";
    private ElementReference _element;
    private DotNetObjectReference<Modal>? _self;
    private bool _shown;

    /// <summary>Whether it is shown.</summary>
    [Parameter] public bool Open { get; set; }

    /// <summary>Names what it is about.</summary>
    [Parameter, EditorRequired] public string Title { get; set; } = "";

    /// <summary>Room for two columns.</summary>
    [Parameter] public bool Wide { get; set; }

    /// <summary>Body.</summary>
    [Parameter] public RenderFragment? ChildContent { get; set; }

    /// <summary>Buttons.</summary>
    [Parameter] public RenderFragment? Actions { get; set; }

    /// <summary>The person wants to leave it. Without it there is no cross and Escape does nothing: for what is shown only once.</summary>
    [Parameter] public EventCallback OnClose { get; set; }

    /// <summary>The person pressed the submit button or Enter.</summary>
    [Parameter] public EventCallback OnSubmit { get; set; }

    [Inject] private Browser Browser { get; set; } = null!;

    /// <summary>Called by the script on Escape.</summary>
    [JSInvokable]
    public Task Cancelled() => InvokeAsync(OnClose.InvokeAsync);

    /// <inheritdoc />
    public void Dispose() => _self?.Dispose();

    /// <inheritdoc />
    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!Open) _shown = false;
        if (!Open || _shown) return;
        _shown = true;
        _self ??= DotNetObjectReference.Create(this);
        await (await Browser.ModuleAsync()).InvokeVoidAsync("openModal", _element, _self);
    }
}
