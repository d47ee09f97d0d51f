using Microsoft.AspNetCore.Components;

namespace Forge.Dashboard.Components;

/// <summary>A search field that searches while one types: 250 ms after the last key, or at once when the field is cleared.</summary>
public sealed partial class SearchBox : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private ITimer? _timer;
    private string _text = "";
    private string _sent = "";

    /// <summary>What is searched for, as the address has it.</summary>
    [Parameter] public string? Value { get; set; }

    /// <summary>What is searched, in words.</summary>
    [Parameter, EditorRequired] public string Label { get; set; } = "";

    /// <summary>The person searches for this.</summary>
    [Parameter] public EventCallback<string> OnSearch { get; set; }

    [Inject] private TimeProvider Time { get; set; } = null!;

    /// <inheritdoc />
    public void Dispose() => _timer?.Dispose();

    /// <inheritdoc />
    protected override void OnParametersSet()
    {
        // What is being typed wins over an older address.
        if ((Value ?? "") == _sent) return;
        _sent = _text = Value ?? "";
    }

    private void Typed(ChangeEventArgs e)
    {
        _text = e.Value?.ToString() ?? "";
        _timer ??= Time.CreateTimer(_ => _ = InvokeAsync(SendAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(_text.Length == 0 ? TimeSpan.Zero : Pause, Timeout.InfiniteTimeSpan);
    }

    private async Task SendAsync()
    {
        if (_text == _sent) return;
        _sent = _text;
        await OnSearch.InvokeAsync(_text);
    }
}
