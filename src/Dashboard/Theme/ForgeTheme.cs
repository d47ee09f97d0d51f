using MudBlazor;

namespace Forge.Dashboard.Theme;

/// <summary>The tokens of <c>wwwroot/css/tokens.css</c> for MudBlazor. A test compares both, so a colour has one value.</summary>
public static class ForgeTheme
{
    /// <summary>Good.</summary>
    public const string Good = "#009E73";

    /// <summary>Warning.</summary>
    public const string Warning = "#E69F00";

    /// <summary>Critical.</summary>
    public const string Critical = "#D55E00";

    /// <summary>Unknown and stale.</summary>
    public const string Unknown = "#8A94A6";

    /// <summary>Announced maintenance.</summary>
    public const string Maintenance = "#CC79A7";

    /// <summary>Information.</summary>
    public const string Information = "#56B4E9";

    /// <summary>Text on a status fill.</summary>
    public const string OnStatus = "#0B1020";

    /// <summary>Dark surfaces and text.</summary>
    public static Palette Dark { get; } = new("#0B1020", "#121A2E", "#1A2540", "#26324D", "#E6EBF5", "#9AA7BF", "#4C8DFF", "#0B1020");

    /// <summary>Light surfaces and text.</summary>
    public static Palette Light { get; } = new("#F7F8FB", "#FFFFFF", "#FFFFFF", "#E2E6EF", "#172033", "#5B6780", "#2563EB", "#FFFFFF");

    /// <summary>One theme's surfaces and text.</summary>
    public sealed record Palette(string Background, string Surface, string Raised, string Line, string Text, string Muted, string Accent, string OnAccent);

    /// <summary>The theme for MudBlazor's provider.</summary>
    public static MudTheme Mud { get; } = new()
    {
        PaletteDark = Fill(new PaletteDark(), Dark),
        PaletteLight = Fill(new PaletteLight(), Light),
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "8px" },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = ["Inter Variable", "system-ui", "sans-serif"], FontSize = "0.875rem", LineHeight = "1.5", LetterSpacing = "normal" },
            Button = new ButtonTypography { TextTransform = "none", FontWeight = "540", LetterSpacing = "normal" },
        },
    };

    private static T Fill<T>(T mud, Palette p)
        where T : MudBlazor.Palette
    {
        mud.Background = p.Background;
        mud.Surface = p.Raised;
        mud.DrawerBackground = p.Surface;
        mud.AppbarBackground = p.Background;
        mud.AppbarText = p.Text;
        mud.TextPrimary = p.Text;
        mud.TextSecondary = p.Muted;
        mud.ActionDefault = p.Muted;
        mud.Primary = p.Accent;
        mud.PrimaryContrastText = p.OnAccent;
        mud.LinesDefault = p.Line;
        mud.LinesInputs = p.Line;
        mud.Divider = p.Line;
        mud.TableLines = p.Line;
        mud.Success = Good;
        mud.Warning = Warning;
        mud.Error = Critical;
        mud.Info = Information;
        return mud;
    }
}
