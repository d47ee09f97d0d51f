using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Components;
using QRCoder;

namespace Forge.Dashboard.Identity;

/// <summary>A text as a QR code, drawn by the browser from one path: the secret in it goes through no image service.</summary>
public sealed partial class QrCode
{
    private string? _path;
    private string? _drawn;
    private int _size;

    /// <summary>What it says.</summary>
    [Parameter, EditorRequired] public string Text { get; set; } = "";

    /// <summary>What it is, for whoever does not see it.</summary>
    [Parameter, EditorRequired] public string Label { get; set; } = "";

    /// <inheritdoc />
    protected override void OnParametersSet()
    {
        if (_drawn == Text) return;
        _drawn = Text;
        using var data = QRCodeGenerator.GenerateQrCode(Text, QRCodeGenerator.ECCLevel.M);
        var path = new StringBuilder();
        // The matrix holds the four quiet modules around the code already.
        _size = data.ModuleMatrix.Count;
        for (var y = 0; y < _size; y++)
            for (var x = 0; x < _size; x++)
                if (data.ModuleMatrix[y][x]) path.Append(CultureInfo.InvariantCulture, $"M{x} {y}h1v1h-1z");
        _path = path.ToString();
    }
}
