using System.Collections.Immutable;

namespace Astraea.Cli.Demo;

/// <summary>What the demo shall replay, and how.</summary>
/// <param name="SiloPath">The silo to start.</param>
/// <param name="Requests">Requests of one replay.</param>
/// <param name="Workers">Workers of a node.</param>
/// <param name="TimeScale">Tool times are multiplied by this.</param>
/// <param name="Workload">A workload file, or null for the built-in mixture.</param>
/// <param name="UnknownToolSeconds">Mean of the tool times that a workload does not give (s).</param>
/// <param name="FirstSeed">First seed.</param>
/// <param name="Seeds">How many seeds, counted up from the first.</param>
/// <param name="Load">Offered load as a share of λ_sat.</param>
/// <param name="PoolShare">All device pools as a share of the working set.</param>
/// <param name="Policies">Policies, in the order they run.</param>
/// <param name="LimitSeconds">What has not completed by then has failed (s, each replay).</param>
/// <param name="JsonPath">Where all figures are written, or null.</param>
internal sealed record DemoOptions(
    string SiloPath, int Requests, int Workers, double TimeScale, string? Workload, double UnknownToolSeconds, ulong FirstSeed, int Seeds,
    double Load, double PoolShare, ImmutableArray<string> Policies, int LimitSeconds, string? JsonPath);
