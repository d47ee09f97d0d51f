namespace Forge.Dashboard.Sla;

/// <summary>How much a tile says, smallest first.</summary>
public enum TileSize
{
    /// <summary>A cell of the heat map.</summary>
    Heat,

    /// <summary>Mark and the start of the name.</summary>
    Compact,

    /// <summary>Mark, name and uptime.</summary>
    Small,

    /// <summary>Everything, in small type.</summary>
    Medium,

    /// <summary>Everything.</summary>
    Large,

    /// <summary>Everything, readable from five metres.</summary>
    Huge,
}

/// <summary>A block of equal tiles. <paramref name="RowHeight"/> in CSS pixels.</summary>
public sealed record WallGroup(TileSize Size, int Count, int Columns, double RowHeight)
{
    /// <summary>Rows of the block.</summary>
    public int Rows => Columns == 0 ? 0 : (Count + Columns - 1) / Columns;

    /// <summary>Columns of the first tile: it takes what the last row would leave empty, so the worst one is the widest.</summary>
    public int Lead => Size >= TileSize.Medium ? (Rows * Columns) - Count + 1 : 1;
}

/// <summary>Blocks of a wall from top to bottom: what needs a person large, what of that did not fit compact, then Good, then NoSla.</summary>
public sealed record WallPlan(WallGroup Focus, WallGroup Demoted, WallGroup Good, WallGroup NoSla)
{
    /// <summary>The blocks from top to bottom. Computed: a stored list would be copied by <c>with</c> and miss the changed block.</summary>
    public IReadOnlyList<WallGroup> Groups => [Focus, Demoted, Good, NoSla];
}

/// <summary>Fills a screen with tiles whatever the count, without scrolling: the largest tiles that fit, the bad ones larger than the good ones.</summary>
public static class WallLayout
{
    /// <summary>Space between tiles in CSS pixels, by size.</summary>
    public static int Gap(TileSize size) => size switch { TileSize.Heat or TileSize.Compact => 2, TileSize.Small => 4, _ => 8 };

    /// <summary>Space between blocks in CSS pixels.</summary>
    public const int Between = 8;

    private const double SmallestDot = 6;

    private const double Phone = 640;

    private static readonly (TileSize Focus, TileSize Good)[] SmallScreens =
        [(TileSize.Large, TileSize.Medium), (TileSize.Large, TileSize.Small), (TileSize.Medium, TileSize.Small)];

    private static readonly TileSize[] FocusSizes = [TileSize.Huge, TileSize.Large, TileSize.Medium];

    private static readonly TileSize[] GoodSizes = [TileSize.Large, TileSize.Medium, TileSize.Small, TileSize.Compact, TileSize.Heat];

    /// <summary>Plans a wall of the given size in CSS pixels.</summary>
    public static WallPlan Fit(double width, double height, int notGood, int good, int noSla)
    {
        foreach (var goodSize in GoodSizes)
            foreach (var focusSize in FocusSizes)
            {
                if (notGood > 0 && good > 0 && focusSize <= goodSize) continue;
                foreach (var noSlaSize in GoodSizes.Where(s => s <= TileSize.Small && (s < goodSize || s == TileSize.Heat)))
                {
                    var plan = new WallPlan(Block(focusSize, notGood, width), Block(TileSize.Compact, 0, width), Block(goodSize, good, width), Block(noSlaSize, noSla, width));
                    if (Height(plan) <= height) return Stretch(plan, height);
                }
            }
        return Dots(width, height, notGood, good, noSla) ?? Shrink(width, height, notGood, good, noSla);
    }

    /// <summary>On a small screen those without a promise become dots, so that those with one keep their names; null when even dots do not fit.</summary>
    private static WallPlan? Dots(double width, double height, int notGood, int good, int noSla)
    {
        if (noSla == 0) return null;
        WallPlan Named(TileSize focusSize, int large, TileSize goodSize) =>
            new(Block(focusSize, large, width), Block(TileSize.Small, notGood - large, width), Block(goodSize, good, width), Block(TileSize.Heat, 0, width));
        // First with everything bad large; on a phone then the worst few, the others still with their names.
        var fewer = width < Phone ? Enumerable.Range(1, 3).Reverse().Where(n => n < notGood) : [];
        var plans = SmallScreens.Select(s => Named(s.Focus, notGood, s.Good)).Concat(fewer.Select(n => Named(TileSize.Large, n, TileSize.Small)));
        foreach (var named in plans)
        {
            var rest = height - Height(named) - Between;
            if (rest <= 0) continue;
            var cell = Math.Floor(Math.Sqrt(width * rest / noSla));
            if (cell < SmallestDot) continue;
            var columns = (int)(width / cell);
            var dots = new WallGroup(TileSize.Heat, noSla, columns, cell - Gap(TileSize.Heat));
            if (dots.Rows * cell <= rest) return named with { NoSla = dots };
        }
        return null;
    }

    /// <summary>Height of a plan in CSS pixels.</summary>
    public static double Height(WallPlan plan)
    {
        var (height, blocks) = (0.0, 0);
        foreach (var block in plan.Groups)
        {
            if (block.Count == 0) continue;
            height += (block.Rows * block.RowHeight) + ((block.Rows - 1) * Gap(block.Size));
            blocks++;
        }
        return height + (Math.Max(0, blocks - 1) * Between);
    }

    private static (double Width, double Height) Minimum(TileSize size) => size switch
    {
        TileSize.Huge => (520, 264),
        TileSize.Large => (300, 190),
        TileSize.Medium => (216, 124),
        TileSize.Small => (176, 40),
        TileSize.Compact => (54, 28),
        _ => (26, 18),
    };

    private static WallGroup Block(TileSize size, int count, double width)
    {
        if (count == 0) return new WallGroup(size, 0, 1, 0);
        var (least, height) = Minimum(size);
        var columns = Math.Clamp((int)((width + Gap(size)) / (least + Gap(size))), 1, count);
        // As many rows, but evenly filled.
        var rows = (count + columns - 1) / columns;
        return new WallGroup(size, count, (count + rows - 1) / rows, height);
    }

    private static WallPlan Stretch(WallPlan plan, double height)
    {
        var blocks = plan.Groups.Where(b => b.Count > 0).ToList();
        if (blocks.Count == 0) return plan;
        var rows = blocks.Sum(b => b.Rows * b.RowHeight);
        var factor = (height - Height(plan) + rows) / rows;
        WallGroup Grow(WallGroup b) => b with { RowHeight = Math.Floor(b.RowHeight * factor) };
        return new WallPlan(Grow(plan.Focus), Grow(plan.Demoted), Grow(plan.Good), Grow(plan.NoSla));
    }

    /// <summary>Not everything bad fits large: the worst stay so, as many as possible; when nothing fits, cells shrink until the wall holds them all.</summary>
    private static WallPlan Shrink(double width, double height, int notGood, int good, int noSla)
    {
        WallPlan With(int large) => new(Block(TileSize.Medium, large, width), Block(TileSize.Compact, notGood - large, width), Block(TileSize.Heat, good, width), Block(TileSize.Heat, noSla, width));
        var (fits, tooMany) = (-1, notGood + 1);
        while (tooMany - fits > 1)
        {
            var large = (fits + tooMany) / 2;
            if (Height(With(large)) <= height) fits = large;
            else tooMany = large;
        }
        if (fits >= 0) return Stretch(With(fits), height);
        var all = notGood + good + noSla;
        var cell = Math.Max(3, Math.Sqrt(Math.Max(1, width * (height - (3 * Between))) / Math.Max(1, all + (3 * width / 20))));
        var columns = Math.Max(1, (int)(width / cell));
        WallGroup Cells(int count) => new(TileSize.Heat, count, columns, Math.Max(1, Math.Floor(cell) - Gap(TileSize.Heat)));
        return new WallPlan(Cells(0), Cells(notGood), Cells(good), Cells(noSla));
    }
}
