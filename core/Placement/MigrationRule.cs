namespace Astraea.Core.Placement;

/// <summary>Idle KV that could move to a less loaded worker.</summary>
/// <param name="Tokens">Tokens with KV at the source (tokens).</param>
/// <param name="CopySeconds">Predicted time of the copy between workers (s).</param>
/// <param name="UploadSeconds">Predicted time to bring the copy from the target's host tier to its device on return (s).</param>
/// <param name="ServiceSeconds">Predicted service of the segment that follows, its KV kept (device seconds).</param>
/// <param name="ChanceStillWaiting">Chance that the tool still works when the copy is done.</param>
public readonly record struct IdleKv(int Tokens, double CopySeconds, double UploadSeconds, double ServiceSeconds, double ChanceStillWaiting);

/// <summary>When KV moves while its agent waits for a tool (SCHEDULING.md §5; Llumnix moves running requests, we move idle ones).</summary>
public static class MigrationRule
{
    /// <summary>Seconds by which the next segment is expected to be done sooner at the target; 0 or less when the move does not pay or may come too late.</summary>
    public static double Gain(IdleKv kv, WorkerLoad source, WorkerLoad target, PlacementOptions options)
    {
        if (kv.Tokens <= 0 || kv.ChanceStillWaiting < options.MigrationChance)
            return 0;
        double stay = source.Finish(kv.ServiceSeconds);
        double move = target.Finish(kv.ServiceSeconds + kv.UploadSeconds);
        // The copy takes link and host memory from others, so its time is charged although nobody waits for it.
        double gain = stay - (1 + options.Margin) * move - kv.CopySeconds;
        return gain >= options.MigrationGainSeconds ? gain : 0;
    }

    /// <summary>Whether the move evens out where agents live, or merely follows a queue that happens to be longer now and will be shorter when the tool answers.</summary>
    /// <param name="serviceSeconds">Predicted service of the segment that follows (device seconds).</param>
    /// <param name="sourceSeconds">All work homed at the source, next segments of waiting agents included, this one's too (device seconds).</param>
    /// <param name="targetSeconds">The same at the target (device seconds).</param>
    /// <remarks>So two evenly filled workers never exchange agents, whatever their queues do.</remarks>
    public static bool EvensOut(double serviceSeconds, double sourceSeconds, double targetSeconds) =>
        sourceSeconds - serviceSeconds >= targetSeconds + serviceSeconds;
}
