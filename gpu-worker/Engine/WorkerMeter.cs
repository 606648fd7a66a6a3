using System.Diagnostics.Metrics;
using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Engine;

/// <summary>Figures of a worker under the meter <c>Astraea.Worker</c>, read from its newest snapshot when somebody collects.</summary>
internal sealed class WorkerMeter : IDisposable
{
    public const string Name = "Astraea.Worker";
    private readonly Meter _meter = new(Name);

    public WorkerMeter(WorkerId worker, Func<WorkerSnapshot> snapshot)
    {
        KeyValuePair<string, object?> name = new("astraea.worker", worker.Value);

        _meter.CreateObservableGauge("astraea.worker.segments", () =>
        {
            WorkerSnapshot now = snapshot();
            return States(name, ("running", now.Running), ("waiting", now.Waiting), ("preserved", now.Preserved));
        }, "{segment}", "Segments and idle contexts by state");
        _meter.CreateObservableGauge("astraea.worker.kv.blocks", () =>
        {
            WorkerSnapshot now = snapshot();
            int running = now.BlocksUsed - now.BlocksPinned;
            return States(name, ("running", running), ("preserved", now.BlocksPinned), ("cached", now.BlocksCached),
                ("free", now.BlocksTotal - now.BlocksUsed - now.BlocksCached), ("host", now.HostHolding));
        }, "{block}", "KV blocks by state");
        _meter.CreateObservableCounter("astraea.worker.steps", () => One(name, snapshot().Steps), "{step}", "Engine steps");
        _meter.CreateObservableCounter("astraea.worker.tokens", () =>
        {
            WorkerSnapshot now = snapshot();
            return States(name, ("prefill", now.PrefillTokens), ("sampled", now.SampledTokens), ("recomputed", now.RecomputedTokens));
        }, "{token}", "Rows computed and tokens drawn");
        _meter.CreateObservableCounter("astraea.worker.preemptions", () => One(name, snapshot().Preemptions), "{segment}", "Segments set aside for memory");
        _meter.CreateObservableCounter("astraea.worker.kv.swapped", () =>
        {
            WorkerSnapshot now = snapshot();
            return States(name, ("out", now.SwappedOutBytes), ("in", now.SwappedInBytes));
        }, "By", "Bytes copied to and from the host tier");
        _meter.CreateObservableCounter(
            "astraea.worker.busy", () => new Measurement<double>(snapshot().BusySeconds, name), "s", "Time spent in steps");
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private static Measurement<long> One(KeyValuePair<string, object?> worker, long value) => new(value, worker);

    private static Measurement<long>[] States(KeyValuePair<string, object?> worker, params ReadOnlySpan<(string State, long Value)> values)
    {
        Measurement<long>[] measured = new Measurement<long>[values.Length];
        for (int i = 0; i < values.Length; i++)
            measured[i] = new Measurement<long>(values[i].Value, worker, new("astraea.state", values[i].State));
        return measured;
    }
}
