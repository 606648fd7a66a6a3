using System.Collections.Immutable;
using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Tests.Engine;

/// <summary>One agent that calls a tool a few times, resumes after some rounds, and remembers what it was given.</summary>
internal sealed class AgentPlay
{
    private readonly List<(ImmutableArray<int> Context, SegmentSpec Spec, int Segment, RecordingSink Sink)> _segments = [];
    private readonly int _id;
    private readonly int _level;
    private readonly int _turns;
    private ImmutableArray<int> _context;
    private RecordingSink? _running;
    private int _wait;
    private int _computed;

    public AgentPlay(int id, int prompt, int level, int turns)
    {
        _id = id;
        _level = level;
        _turns = turns;
        _context = EngineRig.Context(1000 + id, prompt);
    }

    public bool Done => _segments.Count == _turns && _running is null;

    public long Recomputed { get; private set; }

    /// <summary>Starts the next segment when its tool has returned, and looks whether the running one has ended.</summary>
    public void Advance(EngineRig rig, Random random)
    {
        if (_running is null)
        {
            if (Done || _wait-- > 0)
                return;
            bool last = _segments.Count == _turns - 1;
            SegmentSpec spec = EngineRig.Spec(max: random.Next(1, 25), tool: last ? null : "f", seed: (ulong)_id);
            _running = rig.Start(_id, _context, spec, _level, _segments.Count, computed: _computed).Sink;
            _segments.Add((_context, spec, _segments.Count, _running));
        }
        if (_running.Ended is null)
            return;
        Recomputed += _running.Finished.Usage.RecomputedTokens;
        _computed = _context.Length + _running.Tokens.Count - 1;
        _context = [.. _context, .. _running.Tokens, .. EngineRig.Context(1000 * _id + _segments.Count, random.Next(1, 30))];
        _wait = random.Next(0, 40);
        _running = null;
    }

    /// <summary>Every segment drew the tokens, from exactly the logits, that it has on an engine of its own.</summary>
    public void AssertUndisturbed(EngineRig rig, Func<EngineRig>? engine = null)
    {
        foreach ((ImmutableArray<int> context, SegmentSpec spec, int segment, RecordingSink sink) in _segments)
        {
            EngineRig alone = (engine ?? (static () => new EngineRig()))();
            RecordingSink expected = alone.Start(0, context, spec, segment: segment).Sink;
            alone.Run();
            Assert.Equal(expected.Tokens, sink.Tokens);
            Assert.NotEmpty(alone.Sampler.LogitBits);
            Assert.All(alone.Sampler.LogitBits, drawn => Assert.Equal(drawn.Value, rig.Sampler.LogitBits[drawn.Key]));
        }
    }
}
