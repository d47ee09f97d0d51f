using System.Buffers.Binary;
using System.Globalization;
using Forge.Testing.RemoteWrite;
using Snappier;

namespace Forge.Load;

/// <summary>
/// Remote-write bodies of some organizations. The body is encoded once; each scrape changes the eight bytes of every value and the six of every time, and compresses:
/// so the bodies of a whole run can be made before the clock starts.
/// </summary>
public sealed class RemoteWriteLane : ILane
{
    private const int TimeLength = 6;   // a varint of today's Unix milliseconds
    private readonly int _lane;
    private readonly ServiceCounters[] _services;
    private readonly int _statuses;
    private readonly byte[] _plain;
    private readonly int[] _valueAt;
    private readonly string[] _organizations;
    private long[] _first = [];
    private int _turn;

    /// <summary>Encodes the labels. <paramref name="series"/> is a multiple of <see cref="ServiceCounters.SeriesPerStatus"/>.</summary>
    public RemoteWriteLane(int lane, string[] organizations, string instance, int series)
    {
        _lane = lane;
        _organizations = organizations;
        _statuses = series / ServiceCounters.SeriesPerStatus;
        _services = new ServiceCounters[organizations.Length];
        _valueAt = new int[organizations.Length * series];
        var request = new WriteRequest();
        var at = 0;
        for (var o = 0; o < organizations.Length; o++)
        {
            _services[o] = new ServiceCounters(organizations[o], _statuses);
            for (var status = 0; status < _statuses; status++)
            {
                Add("_count", null);
                for (var bound = 0; bound <= ServiceCounters.Bounds.Length; bound++) Add("_bucket", ServiceCounters.Text(bound));

                void Add(string suffix, string? le)
                {
                    request.Add(new RemoteSeries(Labels(organizations[o], instance, ServiceCounters.Statuses[status], suffix, le)), 0, 1L << 40);
                    // The sample ends the series: 8 bytes of value, the tag of the time, 6 bytes of time.
                    _valueAt[at++] = request.Plain.Length - TimeLength - 1 - 8;
                }
            }
        }
        _plain = request.Plain.ToArray();
    }

    /// <summary>Requests between the first and the last scrape of those organizations that are in this lane: what a judge of cumulative counters must have seen.</summary>
    public long JudgedRequests(IEnumerable<string> organizations) => organizations.Select(o => Array.IndexOf(_organizations, o)).Where(i => i >= 0).Sum(i => _services[i].Total - _first[i]);

    /// <inheritdoc/>
    public LoadBody Next(long atMs)
    {
        Span<byte> time = stackalloc byte[TimeLength];
        for (var i = 0; i < TimeLength; i++) time[i] = (byte)(((ulong)atMs >> (7 * i)) | (i < TimeLength - 1 ? 0x80u : 0u));
        var at = 0;
        foreach (var service in _services)
        {
            service.Advance();
            for (var status = 0; status < _statuses; status++)
            {
                Put(_valueAt[at++], service.Count(status), time);
                for (var bound = 0; bound < ServiceCounters.Bounds.Length; bound++) Put(_valueAt[at++], service.Bucket(status, bound), time);
                Put(_valueAt[at++], service.Count(status), time);
            }
        }
        if (_turn == 0) _first = [.. _services.Select(s => s.Total)];
        return new LoadBody(_lane, _turn++, Snappy.CompressToArray(_plain), _valueAt.Length);
    }

    private static IEnumerable<(string, string)> Labels(string organization, string instance, int status, string suffix, string? le)
    {
        yield return ("__name__", "http_server_request_duration_seconds" + suffix);
        yield return ("organization_id", organization);
        yield return ("job", "load");
        yield return ("instance", instance);
        yield return ("http_request_method", "GET");
        yield return ("http_route", "/work");
        yield return ("http_response_status_code", status.ToString(CultureInfo.InvariantCulture));
        if (le is not null) yield return ("le", le);
    }

    private void Put(int at, long value, ReadOnlySpan<byte> time)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(_plain.AsSpan(at), value);
        time.CopyTo(_plain.AsSpan(at + 9));
    }
}
