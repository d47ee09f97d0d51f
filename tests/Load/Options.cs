using System.Globalization;

namespace Forge.Load;

/// <summary>A wrong command line; its message is for the person who typed it.</summary>
public sealed class UsageException(string message) : Exception(message);

/// <summary>Arguments of the form <c>--name value</c>. Every number is checked against its range, so that no run is unbounded.</summary>
public sealed class Options
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Reads the arguments; only names in <paramref name="known"/> are accepted.</summary>
    public Options(ReadOnlySpan<string> arguments, params ReadOnlySpan<string> known)
    {
        if (arguments.Length % 2 != 0) throw new UsageException("Arguments come in pairs: --name value.");
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var name = arguments[i].StartsWith("--", StringComparison.Ordinal) ? arguments[i][2..] : throw new UsageException($"Expected --name, found {arguments[i]}.");
            if (!known.Contains(name)) throw new UsageException($"There is no --{name} here; known: {string.Join(", ", known.ToArray())}.");
            _values[name] = arguments[i + 1];
        }
    }

    /// <summary>A text, or null.</summary>
    public string? Text(string name) => _values.GetValueOrDefault(name);

    /// <summary>A text that must be there.</summary>
    public string Required(string name) => Text(name) ?? throw new UsageException($"--{name} is missing.");

    /// <summary>A whole number inside its range.</summary>
    public int Number(string name, int otherwise, int low, int high)
    {
        if (Text(name) is not { } text) return otherwise;
        return int.TryParse(text, CultureInfo.InvariantCulture, out var value) && value >= low && value <= high
            ? value
            : throw new UsageException($"--{name} is a whole number {low}..{high}.");
    }

    /// <summary>The product's address. Load is only ever made on this machine.</summary>
    public Uri LoopbackUrl(string name, string otherwise)
    {
        if (!Uri.TryCreate(Text(name) ?? otherwise, UriKind.Absolute, out var url)) throw new UsageException($"--{name} is not an address.");
        return url.IsLoopback ? url : throw new UsageException($"--{name} must be a loopback address: this tool makes load and breaks promises.");
    }
}
