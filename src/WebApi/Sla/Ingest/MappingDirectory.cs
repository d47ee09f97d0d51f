using System.Collections.Concurrent;
using System.Collections.Immutable;
using Forge.Domain.Sla;
using Forge.Grains.Interfaces.Sla;
using Forge.WebApi.Identity;
using Microsoft.Extensions.Options;

namespace Forge.WebApi.Sla.Ingest;

/// <summary>Where signal mappings are stored. Every failure is an exception and means: ask again later.</summary>
public interface IMappingSource
{
    /// <summary>Every stored mapping, or none of them with the same stamp when nothing changed since.</summary>
    Task<SlaMappings> All(string stamp);
}

/// <summary>The grain that reads them.</summary>
internal sealed class GrainMappingSource(IGrainFactory grains) : IMappingSource
{
    /// <inheritdoc/>
    public Task<SlaMappings> All(string stamp) => grains.GetGrain<ISlaMappingQueryGrain>(0).All(stamp);
}

/// <summary>The series one mapping has read so far, by format. A changed mapping starts with new ones, so nothing read by the old one stays.</summary>
internal sealed class SeriesCaches(SeriesMapper mapper, int bytes)
{
    /// <summary>Series of remote-write.</summary>
    public SeriesCache Prometheus { get; } = new(mapper, bytes);

    /// <summary>Series of OTLP.</summary>
    public OtlpSeriesCache Otlp { get; } = new(mapper, bytes);

    /// <summary>The mapping.</summary>
    public SeriesMapper Mapper => mapper;
}

/// <summary>
/// Knows the signal mappings. They are read again at most once a second while telemetry arrives: samples that arrive two seconds after a change are read by the new mapping on every node.
/// </summary>
internal sealed class MappingDirectory(IMappingSource source, IOptions<IngestOptions> options, TimeProvider time, ILogger<MappingDirectory> log)
{
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    // One organization's own mapping needs no more room than its allowed series.
    private const int OwnCacheBytes = 2 * 1024 * 1024;
    private readonly Lock _gate = new();
    private State? _state;
    private Task? _refresh;
    private long _readAt;

    /// <summary>The series of the mapping for a key; faults when no mapping could ever be read.</summary>
    public async ValueTask<SeriesCaches> For(IngestKey key) => (await Fresh()).For(key, options.Value.SeriesCacheBytes);

    /// <summary>All stored mappings, as <see cref="For"/> uses them.</summary>
    public async ValueTask<ImmutableArray<SlaMapping>> All() => (await Fresh()).Mappings;

    private async ValueTask<State> Fresh()
    {
        Task? running;
        TimeSpan age;
        State? state;
        lock (_gate)
        {
            state = _state;
            age = state is null ? Longest : time.GetElapsedTime(_readAt);
            if (age < FreshFor) return state!;
            running = _refresh is { IsCompleted: false } ? _refresh : _refresh = Read(state);
        }

        // Between one and two seconds the old one still serves while the new one is on its way.
        if (age < Longest) return state!;
        try
        {
            await running.WaitAsync(state is null ? TimeSpan.FromMilliseconds(options.Value.GrainTimeoutMs) : FreshFor, time);
        }
        catch (Exception e) when (state is not null && e is not OutOfMemoryException)
        {
            log.LogWarning(e, "Signal mappings cannot be read; the last known ones stay in use");
        }

        lock (_gate) return _state!;
    }

    private async Task Read(State? before)
    {
        var started = time.GetTimestamp();
        var all = await source.All(before?.Stamp ?? "");
        lock (_gate)
        {
            if (before is null || all.Stamp != before.Stamp) _state = new State(all.Stamp, all.Mappings);
            _readAt = started;
        }
    }

    private sealed class State(string stamp, ImmutableArray<SlaMapping> mappings)
    {
        private readonly ConcurrentDictionary<string, SeriesCaches> _own = new(StringComparer.Ordinal);
        private readonly Lock _gate = new();
        private SeriesCaches? _shared;

        public string Stamp { get; } = stamp;

        public ImmutableArray<SlaMapping> Mappings { get; } = mappings;

        public SeriesCaches For(IngestKey key, int bytes)
        {
            // Series that name no organization are the key's only one, which may have a mapping of its own.
            if (key.OrganizationIds is [var only] && Mappings.Any(m => m.Id == only))
                return _own.GetOrAdd(only, static (id, s) => new SeriesCaches(new SeriesMapper(s.Mappings, id), s.Bytes), (Mappings, Bytes: Math.Min(bytes, OwnCacheBytes)));
            if (_shared is { } shared) return shared;
            lock (_gate) return _shared ??= new SeriesCaches(new SeriesMapper(Mappings), bytes);
        }
    }
}
