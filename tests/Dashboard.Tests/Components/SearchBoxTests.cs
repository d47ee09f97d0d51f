using Bunit;
using Forge.Dashboard.Components;
using Xunit;

namespace Forge.Dashboard.Tests.Components;

public sealed class SearchBoxTests
{
    [Fact]
    public void Typing_SearchesOnceAfterAPause_AndClearingAtOnce()
    {
        using var page = new PageContext();
        var searched = new List<string>();
        var box = page.Render<SearchBox>(p => p.Add(b => b.Label, "Search").Add(b => b.OnSearch, searched.Add));
        var input = box.Find("input");
        foreach (var text in new[] { "a", "ac", "acm" })
        {
            input.Input(text);
            page.Clock.Advance(TimeSpan.FromMilliseconds(249));
        }
        Assert.Empty(searched);
        page.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["acm"], searched);
        input.Input("");
        page.Clock.Advance(TimeSpan.Zero);
        Assert.Equal(["acm", ""], searched);
    }

    [Fact]
    public void Address_ThatChanges_ChangesTheField()
    {
        using var page = new PageContext();
        var box = page.Render<SearchBox>(p => p.Add(b => b.Label, "Search").Add(b => b.Value, "acme"));
        Assert.Equal("acme", box.Find("input").GetAttribute("value"));
        box.Render(p => p.Add(b => b.Value, ""));
        Assert.Equal("", box.Find("input").GetAttribute("value"));
    }
}
