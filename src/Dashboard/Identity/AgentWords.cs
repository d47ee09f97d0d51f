namespace Forge.Dashboard.Identity;

/// <summary>A browser's long name in words that a person recognises.</summary>
public static class AgentWords
{
    // Order matters: Edge and Opera call themselves Chrome as well, Chrome calls itself Safari.
    private static readonly (string Mark, string Name)[] Browsers =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("HeadlessChrome/", "Chrome without a window"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];

    // Android calls itself Linux, an iPhone says "like Mac OS X".
    private static readonly (string Mark, string Name)[] Systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux")];

    /// <summary>"Firefox on Linux"; "Unknown program" when nothing is known.</summary>
    public static string Of(string? agent)
    {
        var browser = Find(Browsers, agent);
        var system = Find(Systems, agent);
        return (browser, system) switch
        {
            (null, null) => "Unknown program",
            (null, _) => "A program on " + system,
            (_, null) => browser,
            _ => $"{browser} on {system}",
        };
    }

    private static string? Find((string Mark, string Name)[] known, string? agent) =>
        agent is null ? null : Array.Find(known, k => agent.Contains(k.Mark, StringComparison.Ordinal)).Name;
}
