using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>An agent request as it counts against the memory of one worker.</summary>
/// <param name="Request">Which.</param>
/// <param name="Arrival">When it arrived.</param>
/// <param name="Tokens">Its context (tokens).</param>
/// <param name="Phase">Where it stands: ready, running or waiting for a tool.</param>
/// <param name="IsNew">Whether it has never run.</param>
/// <param name="WasActive">Whether it was among the active ones last time.</param>
/// <param name="ToolSeconds">How long its tool has worked; 0 when none does (s).</param>
public readonly record struct ProgramMemory(RequestId Request, Instant Arrival, int Tokens, RequestPhase Phase, bool IsNew, bool WasActive, double ToolSeconds);

/// <summary>The memory of a worker as a control of active requests sees it.</summary>
/// <param name="PoolTokens">Tokens its device can hold (tokens).</param>
/// <param name="Usage">Share of the pool that is in use, 0 to 1.</param>
/// <param name="HitShare">Share of input tokens that were found in its cache of late, 0 to 1.</param>
public readonly record struct WorkerMemory(long PoolTokens, double Usage, double HitShare);

/// <summary>A policy that lets only some agent requests hold memory, so that those do not evict each other. Pure: what it remembers comes in and goes out.</summary>
public interface IActivePrograms
{
    /// <summary>Chooses who may be given work. Who is not chosen and runs goes on to the end of its segment.</summary>
    /// <param name="memory">The worker.</param>
    /// <param name="window">What the call before returned; 0 the first time.</param>
    /// <param name="programs">All requests that live on the worker or could start there.</param>
    /// <param name="active">One for each of these, overwritten.</param>
    /// <returns>What to pass next time.</returns>
    double Choose(in WorkerMemory memory, double window, ReadOnlySpan<ProgramMemory> programs, Span<bool> active);
}
