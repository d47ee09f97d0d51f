using Forge.Domain.Contracts;

namespace Forge.Domain.Sla;

/// <summary>
/// Runs the episode machine of one metric over the ring: a state in front of the oldest kept slot, one in front of the slots that still change, and the rest again on every evaluation.
/// </summary>
internal sealed class EpisodeTrack
{
    private readonly List<EpisodeState> _settled = [];
    private EpisodeState _base;
    private EpisodeState _middle;

    /// <summary>State in front of the oldest kept slot.</summary>
    public EpisodeState Base => _base;

    /// <summary>Nothing was open or over in front of the slots that still change: without a bad slot in them there is no episode.</summary>
    public bool IsCalm => _settled.Count == 0 && !_middle.IsOpen && !_base.IsOpen;

    /// <summary>First slot that is evaluated anew each time.</summary>
    public long ChangingFrom => _middle.Next;

    /// <summary>Slots before <c>Until</c> were judged by other terms; null when all by the same.</summary>
    public (EpisodeTerms Terms, long Until)? Earlier { get; set; }

    /// <summary>Starts in front of a slot, with nothing before it.</summary>
    public void Start(long next) => Set(new EpisodeState(next));

    /// <summary>Starts from a given state.</summary>
    public void Set(EpisodeState state)
    {
        _base = _middle = state;
        _settled.Clear();
    }

    /// <summary>What running over slots does that are not bad, while nothing is open: moves both states on.</summary>
    public void Skip(long baseNext, long middleNext)
    {
        Skip(ref _base, baseNext);
        Skip(ref _middle, middleNext);
    }

    /// <summary>Slots before <paramref name="tail"/> are about to be forgotten: what they said moves into the state.</summary>
    public void Forget<TSource>(long tail, EpisodeTerms terms, TSource source, long dirtyFrom)
        where TSource : IEpisodeSource
    {
        if (dirtyFrom < _middle.Next) Rewind();
        Run(ref _base, terms, source, tail - 1, null);
        if (_middle.Next < _base.Next) Rewind();
        _settled.RemoveAll(e => e.LastBad < tail);
    }

    /// <summary>Everything has to be evaluated again.</summary>
    public void Rewind()
    {
        _middle = _base;
        _settled.Clear();
    }

    /// <summary>Closed episodes that touch the kept slots, and the state after slot <paramref name="last"/>.</summary>
    public (List<EpisodeState> Closed, EpisodeState State) Evaluate<TSource>(long last, EpisodeTerms terms, TSource source, long dirtyFrom)
        where TSource : IEpisodeSource
    {
        if (dirtyFrom < _middle.Next) Rewind();
        Run(ref _middle, terms, source, last - Slots.Detailed, _settled);
        var (closed, state) = (new List<EpisodeState>(_settled), _middle);
        Run(ref state, terms, source, last, closed);
        return (closed, state);
    }

    public void Save(StateWriter writer)
    {
        writer.Signed(_base.Next);
        writer.Unsigned(_base.Recent);
        writer.Flag(_base.IsOpen);
        if (!_base.IsOpen) return;
        writer.Signed(_base.Start);
        writer.Signed(_base.LastBad);
        writer.Count(_base.BadSlots);
        writer.Count(_base.SilentSlots);
        writer.Count(_base.LostSlots);
        writer.Count(_base.CalmSince);
        writer.Unsigned((ulong)_base.Total60);
        writer.Unsigned((ulong)_base.Bad60);
        writer.Signed(_base.Minute);
        writer.Count(_base.MinuteTraffic);
        writer.Count(_base.MinuteSilent);
        writer.Unsigned((ulong)_base.MinuteTotal60);
        writer.Unsigned((ulong)_base.MinuteBad60);
        writer.Signed(_base.WorstGoodPpm);   // below zero when a sender counts more bad requests than requests
        writer.Unsigned(_base.WorstLatencyCentiMs);
    }

    public void Load(StateReader reader)
    {
        var state = new EpisodeState(reader.Signed()) { Recent = reader.Unsigned(), IsOpen = reader.Flag() };
        if (state.IsOpen)
        {
            state.Start = reader.Signed();
            state.LastBad = reader.Signed();
            state.BadSlots = reader.Count(int.MaxValue);
            state.SilentSlots = reader.Count(int.MaxValue);
            state.LostSlots = reader.Count(int.MaxValue);
            state.CalmSince = reader.Count(int.MaxValue);
            state.Total60 = (long)reader.Unsigned();
            state.Bad60 = (long)reader.Unsigned();
            state.Minute = reader.Signed();
            state.MinuteTraffic = reader.Count(Slots.PerMinute);
            state.MinuteSilent = reader.Count(Slots.PerMinute);
            state.MinuteTotal60 = (long)reader.Unsigned();
            state.MinuteBad60 = (long)reader.Unsigned();
            state.WorstGoodPpm = (int)Math.Clamp(reader.Signed(), int.MinValue, Ppm.One);
            state.WorstLatencyCentiMs = reader.UInt();
        }
        Set(state);
    }

    private static void Skip(ref EpisodeState state, long next)
    {
        if (next <= state.Next) return;
        state.Recent = next - state.Next < 64 ? state.Recent << (int)(next - state.Next) : 0;
        state.Next = next;
    }

    /// <summary>What was judged by earlier terms stays judged by them.</summary>
    private void Run<TSource>(ref EpisodeState state, EpisodeTerms terms, TSource source, long last, List<EpisodeState>? closed)
        where TSource : IEpisodeSource
    {
        if (Earlier is { } earlier && state.Next < earlier.Until) EpisodeMachine.Run(ref state, earlier.Terms, source, Math.Min(last, earlier.Until - 1), closed);
        EpisodeMachine.Run(ref state, terms, source, last, closed);
    }
}
