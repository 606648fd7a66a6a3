using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;

namespace Astraea.Simulation.Tests;

/// <summary>A whole cluster under one seed: clients, network, control process, workers, disk and clock.</summary>
internal sealed class World
{
    public static readonly TenantId Tenant = new("tenant");
    public static readonly PoolId Pool = new("pool");

    // Faults stop after the first; from then on everything must end before the second, tool time-outs and all.
    private static readonly TimeSpan s_faultsUntil = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_endBefore = TimeSpan.FromMinutes(20);
    private static readonly string[] s_policies = ["program-fcfs", "astraea-paper", "astraea"];

    private readonly SimProcess _outside;
    private readonly Dictionary<RequestId, List<Acknowledged>> _promises = [];
    private readonly SimWorker?[] _workers = new SimWorker?[2];
    private readonly List<string> _log = [];
    private readonly bool _keepLog;
    private ulong _logHash;
    private int _lives;

    /// <param name="seed">Everything follows from it.</param>
    /// <param name="keepLog">Whether the log is kept, or only its hash.</param>
    /// <param name="durable">The disk; another than the right one shows that the invariants see it.</param>
    public World(ulong seed, bool keepLog = false, IHistoryStore? durable = null)
    {
        Seeds = new SeedTree(seed);
        _keepLog = keepLog;
        Faults = new Faults(Seeds.Child("faults"));
        Pump = new Pump(Seeds.Child("order").Generator());
        _outside = new SimProcess("world", Pump);
        Store = new SimStore(this, durable ?? new InMemoryHistoryStore());
        Network = new SimNetwork(this);
        SeededGenerator shape = Seeds.Child("shape").Generator();
        Policy = s_policies[shape.NextInt(s_policies.Length)];
        Clients = [.. Enumerable.Range(0, shape.NextInt(2, 5)).Select(i => new SimClient(this, RequestScript.Draw(i, Seeds)))];
    }

    public SeedTree Seeds { get; }

    public Faults Faults { get; }

    public Pump Pump { get; }

    public SimClock Clock { get; } = new();

    public SimStore Store { get; }

    public SimNetwork Network { get; }

    public string Policy { get; }

    public RecordingMachine Machine { get; } =
        new(new AgentRequestMachine(AgentRequestOptions.Default with { ToolWaitMax = TimeSpan.FromMinutes(2) }));

    public ImmutableArray<SimClient> Clients { get; }

    public ControlNode? Control { get; private set; }

    /// <summary>What happened between processes, in order.</summary>
    public IReadOnlyList<string> EventLog => _log;

    /// <summary>Hash of the log.</summary>
    public ulong LogHash => StableHash.Join(_logHash, (ulong)Pump.Steps);

    public IEnumerable<Acknowledged> Promises(RequestId id) => _promises.GetValueOrDefault(id) ?? [];

    public void Acknowledged(RequestId id, Acknowledged promise)
    {
        if (!_promises.TryGetValue(id, out List<Acknowledged>? known))
            _promises.Add(id, known = []);
        known.Add(promise);
    }

    public string Name(RequestId id) => Clients.FirstOrDefault(c => c.Script.Id == id)?.Script.Index.ToString() ?? id.ToString();

    public void After(TimeSpan wait, Action work) => Clock.After(_outside, wait, work);

    public void Log(string line)
    {
        string whole = $"{Clock.Now.TotalSeconds:0.000000} {line}";
        _logHash = StableHash.Join(_logHash, StableHash.Of(whole));
        if (_keepLog)
            _log.Add(whole);
    }

    /// <summary>Lives the world to its end. Returns what is broken; nothing when all is well.</summary>
    public ImmutableArray<string> Run()
    {
        SynchronizationContext? before = SynchronizationContext.Current;
        try
        {
            StartControl();
            for (int i = 0; i < _workers.Length; i++)
                StartWorker(i);
            RunWhile(() => Clock.Now < s_faultsUntil);
            ImmutableArray<string> broken = [.. Invariants.Broken(this, ended: false)];
            if (!broken.IsEmpty || Pump.Fault is not null)
                return Fault(broken);
            Faults.Stop();
            Log("faults stop");
            RunWhile(() => Clock.Now < s_endBefore && !AllEnded());
            return Fault([.. Invariants.Broken(this, ended: true)]);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private ImmutableArray<string> Fault(ImmutableArray<string> broken) => Pump.Fault is { } fault ? broken.Insert(0, fault) : broken;

    private bool AllEnded() =>
        Clients.All(c => c.IsDone || c.HasVanished) && Store.Durable.ReadLiveAsync(null, default).Result.IsEmpty;

    private void RunWhile(Func<bool> goOn)
    {
        while (Pump.Fault is null)
        {
            if (Pump.Step())
            {
                CrashSomething();
                continue;
            }
            if (!goOn())
                return;
            if (!Clock.Advance())
                Pump.Fail("Nothing is planned any more, and the world has not ended.");
        }
    }

    private void CrashSomething()
    {
        if (!Faults.Active)
            return;
        if (Control is not null && Faults.ControlCrashes())
        {
            Marks.Hit(Marks.ControlCrash);
            Log($"{Control.Process.Name} crashes");
            Control.Process.Crash();
            Control = null;
            After(Faults.Downtime(), StartControl);
        }
        for (int i = 0; i < _workers.Length; i++)
        {
            if (_workers[i] is not { } worker)
                continue;
            if (Faults.WorkerIsCutOff())
                worker.CutOff(Clock.Now + Faults.CutOff());
            if (!Faults.WorkerCrashes())
                continue;
            if (worker.IsBusy)
                Marks.Hit(Marks.WorkerCrash);
            Log($"{worker.Process.Name} crashes");
            worker.Process.Crash();
            _workers[i] = null;
            int index = i;
            After(Faults.Downtime(), () => StartWorker(index));
        }
    }

    private void StartControl() => Control = new ControlNode(this, ++_lives);

    private void StartWorker(int index) => _workers[index] = new SimWorker(this, $"w{index}", ++_lives);
}
