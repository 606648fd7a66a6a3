using System.Diagnostics;
using Astraea.Cli.Demo.Replay;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Cli.Demo.Report;

/// <summary>A line now and then, for logs and pipes: how many requests are in which state, at which level, and where their KV is.</summary>
internal sealed class PlainBoard(TextWriter output, TimeSpan every) : IBoard
{
    private string _title = "";
    private int _requests;
    private long _began;
    private TimeSpan _next;

    public void Begin(string title, int requests)
    {
        (_title, _requests, _began, _next) = (title, requests, Stopwatch.GetTimestamp(), TimeSpan.Zero);
        output.WriteLine($"{title} …");
    }

    public void Show(ClusterView view, int completed)
    {
        TimeSpan now = Stopwatch.GetElapsedTime(_began);
        if (now < _next)
            return;
        _next = now + every;
        output.WriteLine(Line(view, completed, _requests, now));
    }

    public void Complain(string what) => output.WriteLine(what);

    public void End() => output.WriteLine($"{_title}: over after {Stopwatch.GetElapsedTime(_began).TotalSeconds:0.0} s");

    /// <summary>The cluster in one line.</summary>
    internal static string Line(ClusterView view, int completed, int requests, TimeSpan now)
    {
        int Of(RequestPhase phase) => view.Requests.Count(r => r.Phase == phase);
        int Tier(Func<KvPlace, bool> where) => view.Requests.Count(r => r.Kv is { } kv && where(kv));
        string levels = string.Join(' ', view.Requests.Where(static r => r.Phase is RequestPhase.Ready or RequestPhase.Running)
            .GroupBy(static r => r.Level).OrderBy(static g => g.Key).Select(static g => $"L{g.Key}:{g.Count()}"));
        string pools = string.Join(' ', view.Workers.Select(static w => $"{w.Worker}:{w.BlocksTotal - w.BlocksFree}/{w.BlocksTotal}"));
        return $"  {now.TotalSeconds,5:0.0} s  {completed}/{requests} done  running {Of(RequestPhase.Running)} ready {Of(RequestPhase.Ready)} tool {Of(RequestPhase.ToolWait)}"
            + $"  levels {(levels.Length == 0 ? "-" : levels)}  KV device {Tier(static k => k.DeviceTokens > 0)} host {Tier(static k => k.HostTokens > 0)}"
            + $"  tokens {view.Requests.Sum(static r => (long)r.ContextTokens)}  blocks {pools}";
    }
}
