namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Rows of a register tile as a type, so that the compiler makes a kernel for each and drops what a smaller one does not need.</summary>
internal interface IRowCount
{
    /// <summary>1 to <see cref="RowCounts.Max"/>.</summary>
    static abstract int Count { get; }
}

/// <summary>How rows are cut into tiles.</summary>
internal static class RowCounts
{
    /// <summary>Rows of the largest tile: with two registers each, 12 sums, which leaves room for operands among 16 registers.</summary>
    public const int Max = 6;

    /// <summary>Rows to take of those that are left: tiles as equal as can be, for a tile of one row wastes most of its loads.</summary>
    /// <param name="rowsLeft">Rows left.</param>
    /// <param name="max">Rows of the largest tile of this kernel.</param>
    public static int Take(int rowsLeft, int max = Max)
    {
        int tiles = (rowsLeft + max - 1) / max;
        return (rowsLeft + tiles - 1) / tiles;
    }
}

internal readonly struct OneRow : IRowCount
{
    public static int Count => 1;
}

internal readonly struct TwoRows : IRowCount
{
    public static int Count => 2;
}

internal readonly struct ThreeRows : IRowCount
{
    public static int Count => 3;
}

internal readonly struct FourRows : IRowCount
{
    public static int Count => 4;
}

internal readonly struct FiveRows : IRowCount
{
    public static int Count => 5;
}

internal readonly struct SixRows : IRowCount
{
    public static int Count => 6;
}
