namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Tool times for traces that have none: stated laws, one for each kind of tool.</summary>
/// <remarks>
/// Tools that a program answers from memory (<c>calculate</c>, <c>think</c>): median 20 ms. Everything else is taken for a call to a service: median 0.5 s,
/// p90 3.2 s, p99 15 s, between the two families of waits that public coding-agent traces show. A human answers after a median of 30 s, p90 108 s.
/// Nothing in the trace supports these figures; results on it are results on them.
/// </remarks>
public static class DrawnToolTimes
{
    /// <summary>A person reads and writes a short message (s).</summary>
    public static Lognormal Human { get; } = new(30, 1.0);

    /// <summary>A call to a service (s).</summary>
    public static Lognormal Service { get; } = new(0.5, 1.46);

    /// <summary>An answer from memory (s).</summary>
    public static Lognormal Local { get; } = new(0.02, 0.5);

    /// <summary>The law of a tool.</summary>
    public static Lognormal Of(string tool) => tool switch
    {
        GenericTrace.HumanTool => Human,
        "calculate" or "think" => Local,
        _ => Service,
    };
}
