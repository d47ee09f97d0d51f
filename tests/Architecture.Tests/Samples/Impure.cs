namespace Forge.Architecture.Tests.Samples;

/// <summary>Breaks every rule of purity, so that the rules can be seen to find something. Never called.</summary>
internal static class Impure
{
    public static async Task<string> EverythingForbidden(TimeProvider clock)
    {
        await Task.Yield();
#pragma warning disable RS0030 // The sample exists to be found.
        return $"{clock.GetUtcNow()} {DateTime.UtcNow} {new Random().Next()} {Guid.NewGuid()}";
#pragma warning restore RS0030
    }
}
