namespace Forge.Domain.Sla;

/// <summary>A fixed number of cells, in pages of a power of two, that take memory only where something was written: most organizations of a young system have minutes of data, not hours.</summary>
internal readonly struct Paged<T>(int cells, int bits)
    where T : struct
{
    private readonly T[]?[] _pages = new T[]?[(cells + (1 << bits) - 1) >> bits];

    /// <summary>A cell's content; default where nothing was written.</summary>
    public T this[int cell] => _pages[cell >> bits] is { } page ? page[cell & Mask] : default;

    private int Mask => (1 << bits) - 1;

    /// <summary>The cells from one to the end of its page: how many they are, and their content, which is empty where nothing was written.</summary>
    public ReadOnlySpan<T> From(int cell, out int count)
    {
        count = Math.Min(Mask + 1 - (cell & Mask), cells - cell);
        return _pages[cell >> bits] is { } page ? page.AsSpan(cell & Mask) : default;
    }

    /// <summary>A cell to be written.</summary>
    public ref T At(int cell)
    {
        ref var page = ref _pages[cell >> bits];
        page ??= new T[Math.Min(1 << bits, cells - (cell & ~Mask))];
        return ref page[cell & Mask];
    }

    /// <summary>Empties a cell.</summary>
    public void Clear(int cell)
    {
        if (_pages[cell >> bits] is { } page) page[cell & Mask] = default;
    }

    /// <summary>Empties all of them and gives their memory back.</summary>
    public void Clear() => Array.Clear(_pages);
}
