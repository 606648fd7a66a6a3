using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>What steps cost, one at a time and many decode steps at once.</summary>
/// <param name="cost">Of the hardware.</param>
internal readonly struct StepSeconds(StepCost cost)
{
    /// <summary>Rows of one step, before their cost is added up.</summary>
    /// <param name="PrefillRows">Input rows.</param>
    /// <param name="PrefillPairs">Pairs of an input row and a token before it.</param>
    /// <param name="DecodeRows">Decode rows.</param>
    /// <param name="DecodeContext">Tokens that decode rows look back on.</param>
    public readonly record struct Rows(int PrefillRows, long PrefillPairs, int DecodeRows, long DecodeContext)
    {
        /// <summary>All rows.</summary>
        public int All => PrefillRows + DecodeRows;

        /// <summary>With input rows that begin behind a context.</summary>
        public Rows PlusPrefill(int from, int rows) => this with
        {
            PrefillRows = PrefillRows + rows, PrefillPairs = PrefillPairs + (long)rows * from + (long)rows * (rows - 1) / 2,
        };

        /// <summary>With one decode row that looks back on a context.</summary>
        public Rows PlusDecode(int context) => this with { DecodeRows = DecodeRows + 1, DecodeContext = DecodeContext + context };
    }

    /// <summary>One step (s).</summary>
    public double One(in Rows rows) =>
        cost.FixedSeconds + rows.PrefillRows * cost.SecondsPerPrefillToken + rows.PrefillPairs * cost.SecondsPerPrefillContextToken
        + rows.DecodeRows * cost.SecondsPerDecodeToken + rows.DecodeContext * cost.SecondsPerDecodeContextToken;

    /// <summary>So many decode steps, one after the other, in which every row's context grows by one each time (s).</summary>
    public double Many(in Rows rows, int steps) =>
        steps * One(rows) + cost.SecondsPerDecodeContextToken * rows.DecodeRows * ((double)steps * (steps - 1) / 2);
}
