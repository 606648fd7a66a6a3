namespace Astraea.Core.Scheduling;

/// <summary>Some ready segments as columns, row by row.</summary>
/// <param name="levels">Queue level of each (see <see cref="RankInputs.Level"/>).</param>
/// <param name="waited">W of each (s).</param>
/// <param name="segment">T of each on the worker that asks (device seconds).</param>
/// <param name="remaining">R of each, T included (device seconds).</param>
/// <param name="blocks">KV blocks of each at the end of the segment (blocks).</param>
public readonly ref struct RankColumns(
    ReadOnlySpan<int> levels, ReadOnlySpan<double> waited, ReadOnlySpan<double> segment, ReadOnlySpan<double> remaining, ReadOnlySpan<double> blocks)
{
    /// <summary>Queue levels.</summary>
    public ReadOnlySpan<int> Levels { get; } = levels;

    /// <summary>W (s).</summary>
    public ReadOnlySpan<double> WaitedSeconds { get; } = waited;

    /// <summary>T (device seconds).</summary>
    public ReadOnlySpan<double> SegmentSeconds { get; } = segment;

    /// <summary>R (device seconds).</summary>
    public ReadOnlySpan<double> RemainingSeconds { get; } = remaining;

    /// <summary>KV blocks (blocks).</summary>
    public ReadOnlySpan<double> Blocks { get; } = blocks;
}

/// <summary>What a policy may offer beside <see cref="ISchedulingPolicy.Rank"/>, so that a hundred thousand segments are ranked within a millisecond.</summary>
/// <remarks>A policy without it is asked row by row. The order is the same either way, bit for bit (PlannerOracleTests).</remarks>
public interface IColumnScoring
{
    /// <summary>Whether it does so with the parameters it has, with <see cref="RankInputs.Arrival"/> as the tie-break.</summary>
    bool ScoresColumns => true;

    /// <summary>Writes the band and score that <see cref="ISchedulingPolicy.Rank"/> gives each row outside the guard lane.</summary>
    /// <param name="rows">The rows. All spans are a multiple of four long, and so are the answers.</param>
    /// <param name="poolBlocks">Blocks of the worker's pool (blocks).</param>
    /// <param name="bands">Answer: <see cref="Rank.Band"/> of each.</param>
    /// <param name="scores">Answer: <see cref="Rank.Score"/> of each.</param>
    void Score(in RankColumns rows, int poolBlocks, Span<int> bands, Span<double> scores);

    /// <summary>W (s) up to which <see cref="ISchedulingPolicy.Level"/> of a waiting request surely gives its present level, when nothing but W grows.</summary>
    double LevelHoldsUntil(in LevelInputs inputs);
}
