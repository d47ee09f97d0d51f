namespace Forge.Dashboard.Components;

/// <summary>Line icons on a 24 unit grid, drawn for this product.</summary>
public static class Glyphs
{
    /// <summary>Wallboard.</summary>
    public const string Wall = "<path d='M3 4h11v9H3zM17 4h4v4h-4zM17 11h4v2h-4zM3 16h5v4H3zM11 16h4v4h-4zM18 16h3v4h-3z'/>";

    /// <summary>Overview.</summary>
    public const string Overview = "<path d='M4 19h16M6 16l4-5 4 3 5-8'/>";

    /// <summary>Violations.</summary>
    public const string Violation = "<path d='M12 4 21 19H3zM12 10v4M12 16.5v.5'/>";

    /// <summary>Alerts.</summary>
    public const string Alert = "<path d='M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4M12 3v2'/>";

    /// <summary>Telemetry.</summary>
    public const string Telemetry = "<path d='M12 13v7M8 20h8M12 13a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7.8 15.2a6 6 0 0 1 0-8.4M16.2 6.8a6 6 0 0 1 0 8.4M5 18a10 10 0 0 1 0-14M19 4a10 10 0 0 1 0 14'/>";

    /// <summary>Organizations.</summary>
    public const string Organizations = "<path d='M4 20V6l8-2v16M12 9h8v11M4 20h17M7.5 9v.01M7.5 13v.01M7.5 17v.01M16 13v.01M16 17v.01'/>";

    /// <summary>Platform health.</summary>
    public const string Pulse = "<path d='M4 6h16v10H4zM9 20h6M7 11h2.5l1.5-3 2 6 1.5-3H17'/>";

    /// <summary>Analytics.</summary>
    public const string Chart = "<path d='M4 20V4M4 20h16M8 16v-5M12 16V7M16 16v-3'/>";

    /// <summary>The journal.</summary>
    public const string Journal = "<path d='M6 3h13v18H6zM6 7H4M6 12H4M6 17H4M10 8h5M10 12h5M10 16h3'/>";

    /// <summary>Integrity.</summary>
    public const string Shield = "<path d='M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zM9 12l2.2 2.2L15.5 10'/>";

    /// <summary>Keys.</summary>
    public const string Key = "<circle cx='8' cy='15' r='4'/><path d='m11 12 8-8M16 7l3 3'/>";

    /// <summary>Search.</summary>
    public const string Search = "<circle cx='11' cy='11' r='6'/><path d='m20 20-4.5-4.5'/>";

    /// <summary>Collapse to the left.</summary>
    public const string Collapse = "<path d='M4 5h16v14H4zM9 5v14M16 10l-2 2 2 2'/>";

    /// <summary>Menu.</summary>
    public const string Menu = "<path d='M4 7h16M4 12h16M4 17h16'/>";

    /// <summary>Light.</summary>
    public const string Sun = "<circle cx='12' cy='12' r='4'/><path d='M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4'/>";

    /// <summary>Dark.</summary>
    public const string Moon = "<path d='M19 14.5A8 8 0 0 1 9.5 5 7.5 7.5 0 1 0 19 14.5z'/>";

    /// <summary>Follows the system.</summary>
    public const string System = "<path d='M3 5h18v11H3zM9 20h6M12 16v4'/>";

    /// <summary>A person.</summary>
    public const string Person = "<circle cx='12' cy='8' r='4'/><path d='M4.5 20a7.5 7.5 0 0 1 15 0'/>";

    /// <summary>Out.</summary>
    public const string Out = "<path d='M10 4H5v16h5M14 8l4 4-4 4M18 12H9'/>";

    /// <summary>Copy.</summary>
    public const string Copy = "<path d='M9 9h11v11H9zM15 9V4H4v11h5'/>";

    /// <summary>Done.</summary>
    public const string Check = "<path d='m5 12 5 5 9-10'/>";

    /// <summary>Close.</summary>
    public const string Close = "<path d='m6 6 12 12M18 6 6 18'/>";

    /// <summary>Add.</summary>
    public const string Plus = "<path d='M12 5v14M5 12h14'/>";

    /// <summary>Download.</summary>
    public const string Download = "<path d='M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4 20h16'/>";

    /// <summary>Forward.</summary>
    public const string Right = "<path d='m9 5 7 7-7 7'/>";

    /// <summary>Edit.</summary>
    public const string Pen = "<path d='m4 20 1-4L16 5l3 3L8 19zM14 7l3 3'/>";

    /// <summary>Whole screen.</summary>
    public const string Expand = "<path d='M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5'/>";

    /// <summary>Broken link.</summary>
    public const string Unlinked = "<path d='M3 3l18 18M8.5 8.6A9 9 0 0 0 4 11M12 6a12 12 0 0 1 9 4M8 14.5a6 6 0 0 1 4-1.5M12 18v.5'/>";

    /// <summary>The mark of the product.</summary>
    public const string Mark = "<path d='M3 15h5l2.5-8 3.5 12 2.5-7H21'/>";

    /// <summary>Sorted downward.</summary>
    public const string Down = "<path d='M12 5v14M7 14l5 5 5-5'/>";

    /// <summary>Sorted upward.</summary>
    public const string Up = "<path d='M12 19V5M7 10l5-5 5 5'/>";
}
