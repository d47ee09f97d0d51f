using Snappier;

namespace Forge.Testing.RemoteWrite;

/// <summary>Builds <c>prometheus.WriteRequest</c> (remote-write v1): one sample per series entry. Not thread-safe.</summary>
public sealed class WriteRequest
{
    private readonly ProtobufWriter _writer = new();

    /// <summary>Samples added since the last <see cref="Clear"/>.</summary>
    public int Samples { get; private set; }

    /// <summary>The bytes before compression.</summary>
    public ReadOnlySpan<byte> Plain => _writer.Written;

    /// <summary>Adds one value at a Unix time in milliseconds.</summary>
    public void Add(RemoteSeries series, double value, long atMs)
    {
        // Sample = 1 + 8 bytes of value, 1 + n bytes of time; TimeSeries = labels (field 1) and this sample (field 2).
        var sample = 1 + 8 + 1 + ProtobufWriter.VarintLength((ulong)atMs);
        var total = series.EncodedLabels.Length + 1 + ProtobufWriter.VarintLength((ulong)sample) + sample;
        _writer.Header(1, total);
        _writer.Raw(series.EncodedLabels);
        _writer.Header(2, sample);
        _writer.Double(1, value);
        _writer.Int64(2, atMs);
        Samples++;
    }

    /// <summary>Starts an empty request, keeping the memory.</summary>
    public void Clear()
    {
        _writer.Clear();
        Samples = 0;
    }

    /// <summary>The body as it is sent: snappy block format.</summary>
    public byte[] ToBody() => Snappy.CompressToArray(_writer.Written);
}
