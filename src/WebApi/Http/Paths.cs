namespace Forge.WebApi.Http;

internal static class Paths
{
    /// <summary>True for the address itself and everything below it, whatever the case: routing does not look at case either.</summary>
    public static bool IsUnder(this PathString path, PathString root) => path.StartsWithSegments(root, StringComparison.OrdinalIgnoreCase);
}
