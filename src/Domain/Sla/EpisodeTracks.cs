namespace Forge.Domain.Sla;

/// <summary>
/// The tracks of all metrics. While nothing is open or over and no slot is bad, which is nearly always, all that a new slot does to them is to move them on: that is remembered in one place, and
/// the tracks follow when somebody needs them.
/// </summary>
internal sealed class EpisodeTracks(int count)
{
    private readonly EpisodeTrack[] _tracks = [.. Enumerable.Range(0, count).Select(_ => new EpisodeTrack())];
    private bool _calm;

    // Where the two states of every track stand while it is calm, and up to where no slot is bad.
    private long _base;
    private long _middle;
    private long _calmTo;

    /// <summary>The tracks, up to date.</summary>
    public ReadOnlySpan<EpisodeTrack> All
    {
        get
        {
            if (_calm)
                foreach (var track in _tracks) track.Skip(_base, _middle);
            _calm = false;
            return _tracks;
        }
    }

    /// <summary>No metric has an episode, open or over, without running the machines: nothing was, and no slot up to <paramref name="to"/> is bad or flagged. False when only they can tell.</summary>
    public bool IsCalm(SlotRing ring, long to, long dirtyFrom)
    {
        if ((!_calm && !Enter()) || dirtyFrom < _middle || !ring.IsCalm(Math.Max(_middle, Math.Min(_calmTo + 1, dirtyFrom)), to)) return false;
        (_calmTo, _middle) = (to, Math.Max(_middle, to - Slots.Detailed + 1));
        return true;
    }

    /// <summary>Slots before <paramref name="tail"/> are about to be forgotten; false when they said more than that nothing was bad.</summary>
    public bool TryForget(SlotRing ring, long tail, long dirtyFrom)
    {
        if (!_calm || dirtyFrom < _middle || _middle < tail || !ring.IsCalm(_base, tail - 1)) return false;
        _base = Math.Max(_base, tail);
        return true;
    }

    private bool Enter()
    {
        (_base, _middle) = (_tracks[0].Base.Next, _tracks[0].ChangingFrom);
        foreach (var track in _tracks)
            if (!track.IsCalm || track.Base.Next != _base || track.ChangingFrom != _middle) return false;
        (_calm, _calmTo) = (true, _middle - 1);
        return true;
    }
}
