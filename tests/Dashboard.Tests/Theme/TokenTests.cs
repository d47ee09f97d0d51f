using System.Globalization;
using System.Text.RegularExpressions;
using Forge.Dashboard.Theme;
using Xunit;

namespace Forge.Dashboard.Tests.Theme;

public sealed partial class TokenTests
{
    private static readonly string Css = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "tokens.css"));

    private static Dictionary<string, string> Tokens(string selector)
    {
        var start = Css.IndexOf(selector + " {", StringComparison.Ordinal);
        var block = Css[start..Css.IndexOf('}', start)];
        return Declaration().Matches(block).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value);
    }

    [Theory]
    [InlineData(":root", true)]
    [InlineData(":root[data-theme=\"light\"]", false)]
    public void Surfaces_OfCssAndMudTheme_AreTheSame(string selector, bool dark)
    {
        var css = Tokens(selector);
        var theme = dark ? ForgeTheme.Dark : ForgeTheme.Light;
        Assert.Equal(
            (theme.Background, theme.Surface, theme.Raised, theme.Line, theme.Text, theme.Muted, theme.Accent, theme.OnAccent),
            (css["background"], css["surface"], css["raised"], css["line"], css["text"], css["muted"], css["accent"], css["on-accent"]));
    }

    [Fact]
    public void StatusColours_OfCssAndMudTheme_AreTheSame()
    {
        var css = Tokens(":root");
        Assert.Equal(
            (ForgeTheme.Good, ForgeTheme.Warning, ForgeTheme.Critical, ForgeTheme.Unknown, ForgeTheme.Maintenance, ForgeTheme.Information, ForgeTheme.OnStatus),
            (css["good"], css["warning"], css["critical"], css["unknown"], css["maintenance"], css["information"], css["on-status"]));
    }

    public static TheoryData<string, string> Pairs => new()
    {
        { ForgeTheme.Dark.Text, ForgeTheme.Dark.Background }, { ForgeTheme.Dark.Muted, ForgeTheme.Dark.Background }, { ForgeTheme.Dark.Muted, ForgeTheme.Dark.Surface }, { ForgeTheme.Dark.Muted, ForgeTheme.Dark.Raised },
        { ForgeTheme.Dark.Accent, ForgeTheme.Dark.Surface }, { ForgeTheme.Dark.OnAccent, ForgeTheme.Dark.Accent },
        { ForgeTheme.Light.Text, ForgeTheme.Light.Background }, { ForgeTheme.Light.Muted, ForgeTheme.Light.Background }, { ForgeTheme.Light.Muted, ForgeTheme.Light.Surface },
        { ForgeTheme.Light.Accent, ForgeTheme.Light.Background }, { ForgeTheme.Light.OnAccent, ForgeTheme.Light.Accent },
        { ForgeTheme.OnStatus, ForgeTheme.Good }, { ForgeTheme.OnStatus, ForgeTheme.Warning }, { ForgeTheme.OnStatus, ForgeTheme.Critical }, { ForgeTheme.OnStatus, ForgeTheme.Unknown }, { ForgeTheme.OnStatus, ForgeTheme.Maintenance },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Text_OnItsSurface_ReachesAA(string text, string surface) => Assert.InRange(Contrast(text, surface), 4.5, 21);

    private static double Contrast(string a, string b)
    {
        var (x, y) = (Luminance(a), Luminance(b));
        return (Math.Max(x, y) + 0.05) / (Math.Min(x, y) + 0.05);
    }

    private static double Luminance(string hex)
    {
        double Channel(int at)
        {
            var c = int.Parse(hex.AsSpan(at, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture) / 255.0;
            return c <= 0.03928 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }
        return (0.2126 * Channel(1)) + (0.7152 * Channel(3)) + (0.0722 * Channel(5));
    }

    [GeneratedRegex("--(?<name>[a-z-]+): (?<value>#[0-9A-F]{6});", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Declaration();
}
