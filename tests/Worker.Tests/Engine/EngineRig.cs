using System.Collections.Immutable;
using System.Security.Cryptography;
using Astraea.Contracts.Text;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.KvCache.Policies;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Engine;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Tests.Engine;

/// <summary>Ranks by level, then arrival. Switches are settable.</summary>
internal sealed class TestPolicy : ISchedulingPolicy
{
    public string Name => "test";

    public IKvPolicy Kv { get; init; } = PressureKv.Lazy();

    /// <summary>One of the three rules by name, for theories.</summary>
    public static IKvPolicy Rule(string name) => name switch
    {
        "cache" => new CacheOnly(),
        "paper" => PressureKv.Paper(),
        "lazy" => PressureKv.Lazy(),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such rule."),
    };

    public bool LowerQueuesFill { get; init; } = true;

    public bool BatchSynchronous { get; init; }

    public bool PreemptsRunning { get; init; } = true;

    public double GuardShare { get; init; }

    public double GuardAfter => double.PositiveInfinity;

    public Rank Rank(in RankInputs inputs, int poolBlocks, Instant now) => new(inputs.Level, 0, inputs.Arrival, inputs.Request);

    public int Level(in LevelInputs inputs, Instant now) => 0;
}

internal sealed class RecordingSink : ISegmentSink
{
    public List<int> Tokens { get; } = [];

    public SegmentEnd? Ended { get; private set; }

    public int Unreported { get; set; }

    public void Add(ReadOnlySpan<int> tokens) => Tokens.AddRange(tokens);

    public void End(SegmentEnd end)
    {
        Assert.Null(Ended);
        Ended = end;
    }

    public SegmentEnd.Finished Finished => Assert.IsType<SegmentEnd.Finished>(Ended);
}

/// <summary>Remembers a hash of the exact bits of all logits a token was drawn from. Seeds tell agents apart.</summary>
internal sealed class RecordingSampler(ISampler inner) : ISampler
{
    public Dictionary<(ulong Seed, int Segment, int Index), ulong> LogitBits { get; } = [];

    public int Sample(Span<float> logits, Sampling sampling, int segment, int index, ReadOnlySpan<int> output)
    {
        ulong hash = 14695981039346656037;
        foreach (float logit in logits)
            hash = (hash ^ BitConverter.SingleToUInt32Bits(logit)) * 1099511628211;
        LogitBits[(sampling.Seed, segment, index)] = hash;
        return inner.Sample(logits, sampling, segment, index, output);
    }
}

/// <summary>An engine stepped by the test.</summary>
internal sealed class EngineRig
{
    public static readonly byte[] Secret = RandomNumberGenerator.GetBytes(32);
    private static readonly SegmentSpec Defaults = new(16, 0, false, new Sampling(), [], ToolMode.None, null, null, false);
    private readonly BlockKeyer _keyer;
    private readonly IModelText _text;
    private readonly IConstraintFactory _constraints;
    private int _attempts;

    public EngineRig(
        int blocks = 512, int hostBlocks = 512, int slots = 8, int stepTokens = 64, ISchedulingPolicy? policy = null, IModelRunner? runner = null,
        ISampler? sampler = null, double pressureLow = 0.6, double pressureHigh = 0.9, string name = "w0")
    {
        Runner = runner ?? new FakeRunner(blocks);
        FakeText text = new();
        _text = text;
        _constraints = text;
        Sampler = new RecordingSampler(sampler ?? new Astraea.Worker.Kernels.Sampler());
        Options = new WorkerOptions
        {
            Name = name, DeviceBlocks = blocks, HostBlocks = hostBlocks, Slots = slots, StepTokens = stepTokens, PressureLow = pressureLow, PressureHigh = pressureHigh,
        };
        _keyer = new BlockKeyer(Secret, Runner.Numerics.ToString(), Runner.Kv.BlockTokens);
        Core = new EngineCore(new EngineParts(
            new WorkerId(name), Runner, Sampler, policy ?? new TestPolicy(), Options, TimeProvider.System));
    }

    public IModelRunner Runner { get; }

    public RecordingSampler Sampler { get; }

    public FakeRunner Fake => (FakeRunner)Runner;

    public WorkerOptions Options { get; }

    public EngineCore Core { get; }

    public static SegmentSpec Spec(
        int max = 16, int min = 0, bool ignoreEos = true, string? tool = null, double temperature = 0.7, ulong seed = 7, params string[] stop) => Defaults with
        {
            MaxOutputTokens = max, MinOutputTokens = min, IgnoreEos = ignoreEos, ToolMode = tool is null ? ToolMode.None : ToolMode.Named,
            ToolName = tool, Sampling = new Sampling(Temperature: temperature, Seed: seed), Stop = [.. stop],
        };

    public static ImmutableArray<int> Context(int seed, int length)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, length).Select(_ => random.Next(1, FakeRunner.Vocabulary))];
    }

    public (SegmentAttempt Attempt, RecordingSink Sink) Start(
        int request, ImmutableArray<int> context, SegmentSpec? spec = null, int level = 0, int segment = 0, ImmutableArray<int> output = default,
        int computed = 0, string tenant = "t", RecordingSink? sink = null)
    {
        RequestId id = new((UInt128)request + 1);
        SegmentAttempt attempt = new(id, segment, ++_attempts);
        RankInputs inputs = new(id, new Instant(request), level, TimeSpan.Zero, null, 1, 1, 1, 1);
        SegmentWork work = new(new TenantId(tenant), "", context, output.IsDefault ? [] : output, spec ?? Spec(), computed);
        sink ??= new RecordingSink();
        Core.Start(SegmentFactory.Create(new Lease(attempt, inputs, "test"), work, sink, _keyer, _text, _constraints, Runner.Shape, Options.UnreportedTokens));
        return (attempt, sink);
    }

    /// <summary>Steps until nothing is left to compute, checking the accounting after each step.</summary>
    public int Run(int stepsAtMost = 10_000)
    {
        int steps = 0;
        while (Core.Step())
        {
            Core.Check();
            Assert.True(++steps < stepsAtMost, "The engine does not come to an end.");
        }
        Core.Check();
        return steps;
    }

    /// <summary>The output of a segment that has a large engine for itself.</summary>
    public static List<int> Alone(ImmutableArray<int> context, SegmentSpec? spec = null, int segment = 0, string tenant = "t")
    {
        EngineRig rig = new();
        RecordingSink sink = rig.Start(0, context, spec, segment: segment, tenant: tenant).Sink;
        rig.Run();
        Assert.NotNull(sink.Ended);
        return sink.Tokens;
    }

    public SequenceKv? IdleOf(int request) => Core.Idle.Peek(new RequestId((UInt128)request + 1));
}
