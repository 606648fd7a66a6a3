using Astraea.Cli.Demo.Replay;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Astraea.Cli.Demo.Report;

/// <summary>A table that is redrawn in place: workers with their pools, and every live request with state, level, KV tier and tokens.</summary>
internal sealed class LiveBoard(IAnsiConsole console) : IBoard
{
    private readonly Lock _gate = new();
    private LiveDisplayContext? _live;
    private TaskCompletionSource? _over;
    private Task _display = Task.CompletedTask;
    private string _title = "";
    private int _requests;

    public void Begin(string title, int requests)
    {
        (_title, _requests) = (title, requests);
        TaskCompletionSource over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _over = over;
        _display = console.Live(new Text(title)).AutoClear(true).StartAsync(async live =>
        {
            lock (_gate)
                _live = live;
            await over.Task;
            lock (_gate)
                _live = null;
        });
    }

    public void Show(ClusterView view, int completed)
    {
        lock (_gate)
            _live?.UpdateTarget(Draw(view, completed));
    }

    public void Complain(string what) => console.MarkupLineInterpolated($"[yellow]{what}[/]");

    public void End()
    {
        _over?.TrySetResult();
        _display.GetAwaiter().GetResult();
    }

    private Rows Draw(ClusterView view, int completed)
    {
        var parts = new List<IRenderable>
        {
            new Markup(Markup.Escape($"{_title}: {completed}/{_requests} completed, {view.Requests.Length} live, policy {view.Policy}")),
        };
        parts.AddRange(view.Workers.Select(static w => new Markup(Markup.Escape(
            $"{w.Worker}: {w.Running} running, {w.Queued} queued, device pool {Bar(w.BlocksTotal - w.BlocksFree, w.BlocksTotal)} {w.BlocksTotal - w.BlocksFree}/{w.BlocksTotal} blocks"))));
        Table table = new Table().Border(TableBorder.Simple)
            .AddColumns("request", "category", "state", "segment", "level", "KV tier", "context", "output", "waited");
        // Title, workers, table frame and the cut-off line take the rest of the screen.
        int room = Math.Max(3, console.Profile.Height - view.Workers.Length - 7);
        foreach (RequestView r in view.Requests.OrderBy(static r => r.Phase == RequestPhase.Running ? 0 : r.Phase == RequestPhase.Ready ? 1 : 2).ThenBy(static r => r.Level).Take(room))
        {
            table.AddRow(
                r.Request.ToString()[..8], Markup.Escape(r.Category), r.Phase.ToString(), $"{r.Segment}", r.Guarded ? $"{r.Level} guard" : $"{r.Level}",
                KvTier(r.Kv), $"{r.ContextTokens}", $"{r.OutputTokens}", $"{r.WaitedSeconds:0.0} s");
        }
        parts.Add(table);
        if (view.Requests.Length > room)
            parts.Add(new Text($"… and {view.Requests.Length - room} more"));
        return new Rows(parts);
    }

    /// <summary>Where a request's KV is, in a few characters.</summary>
    internal static string KvTier(KvPlace? kv) => kv switch
    {
        null => "-",
        { DeviceTokens: > 0, HostTokens: > 0 } => $"device+host {kv.Worker}",
        { DeviceTokens: > 0 } => $"device {kv.Worker}",
        { HostTokens: > 0 } => $"host {kv.Worker}",
        _ => "-",
    };

    private static string Bar(int used, int total)
    {
        int filled = total == 0 ? 0 : Math.Clamp(used * 20 / total, 0, 20);
        return new string('█', filled) + new string('░', 20 - filled);
    }
}
