using System.Globalization;

namespace Forge.Load;

/// <summary>What the kernel says about a process (Linux).</summary>
/// <param name="CpuSeconds">User and system time so far.</param>
/// <param name="ResidentMiB">Resident memory now.</param>
/// <param name="PeakMiB">Highest resident memory so far.</param>
public sealed record ProcessFigures(double CpuSeconds, double ResidentMiB, double PeakMiB)
{
    // USER_HZ, the unit of /proc times, is 100 on every Linux architecture .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Reads the figures of a process.</summary>
    public static ProcessFigures Read(int pid)
    {
        var root = $"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/";
        if (!File.Exists(root + "stat")) throw new UsageException($"There is no process {pid}.");
        var stat = File.ReadAllText(root + "stat");
        // The second field is the name in parentheses and may hold spaces: count from behind it.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
        var status = File.ReadAllLines(root + "status");
        return new ProcessFigures(ticks / TicksPerSecond, MiB(status, "VmRSS:"), MiB(status, "VmHWM:"));
    }

    private static double MiB(string[] status, string name)
    {
        var line = status.FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) / 1024.0;
    }
}
