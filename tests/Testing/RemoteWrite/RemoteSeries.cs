using System.Text;

namespace Forge.Testing.RemoteWrite;

/// <summary>One series of a Prometheus remote-write body; its labels are encoded once.</summary>
public sealed class RemoteSeries
{
    /// <summary>Takes labels in any order; the standard wants them sorted by name.</summary>
    public RemoteSeries(params IEnumerable<(string Name, string Value)> labels)
    {
        Labels = [.. labels.OrderBy(l => l.Name, StringComparer.Ordinal)];
        var bytes = new ProtobufWriter();
        foreach (var (name, value) in Labels)
        {
            var label = new ProtobufWriter();
            label.Bytes(1, Encoding.UTF8.GetBytes(name));
            label.Bytes(2, Encoding.UTF8.GetBytes(value));
            bytes.Bytes(1, label.Written);
        }
        EncodedLabels = bytes.Written.ToArray();
    }

    /// <summary>Name and value pairs, sorted by name.</summary>
    public IReadOnlyList<(string Name, string Value)> Labels { get; }

    /// <summary>The repeated field <c>labels</c> of a <c>TimeSeries</c>.</summary>
    internal byte[] EncodedLabels { get; }
}
