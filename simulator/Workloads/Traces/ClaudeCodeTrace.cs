using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Recorded coding-agent sessions: <c>t, inp, hit, out, kind, think, api, stop</c>, with sub-agents under <c>sub</c>.</summary>
/// <remarks>
/// What the server of the trace reused ends at the last whole cache block of the prior <i>input</i>; outputs were computed again with the next input. A server
/// that keeps the KV of its outputs appends: where <c>hit</c> reaches the prior input (but for one block), the prior context stays as a whole and only what is
/// behind it is new. Where it does not, or where the next input is shorter than the prior context, KV beyond <c>hit</c> is dead: compaction, or an output
/// that was not sent back. A call by a human begins a job, its <c>think</c> is the pause. Sub-agents are sessions of their own, with one or more jobs, drawn like
/// the others; their run is subtracted from the tool time of the call that started them.
/// </remarks>
public static class ClaudeCodeTrace
{
    /// <summary>The server's cache blocks are at most this long (tokens): reuse up to one less than the prior input is reuse of all of it.</summary>
    private const int CacheBlockTokensMax = 128;

    /// <summary>Category of main sessions.</summary>
    public const string Category = "coding-agent";

    /// <summary>Category of sub-agents.</summary>
    public const string SubAgentCategory = "coding-subagent";

    /// <summary>Reads the lines of a file.</summary>
    /// <exception cref="TraceException">A line is not in the schema.</exception>
    public static SessionWorkload Read(string name, IEnumerable<string> lines)
    {
        Reading reading = new();
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line))
                continue;
            string place = $"{name}: line {number}";
            using JsonDocument document = TraceJson.Parse(line, place);
            reading.Session(TraceJson.Text(document.RootElement, "id", place), Category, TraceJson.Array(document.RootElement, "segments", place), place);
        }
        return new SessionWorkload(name, reading.Sessions.ToImmutable(), reading.Notes());
    }

    private sealed class Reading
    {
        private int _compactions, _withoutInput, _withoutOutput, _withoutPause, _subAgents;

        public ImmutableArray<SimulatedSession>.Builder Sessions { get; } = ImmutableArray.CreateBuilder<SimulatedSession>();

        public ImmutableArray<string> Notes() =>
        [
            .. Say(_compactions, "calls reuse less than 90 % of the prior context: the KV beyond is dead (compaction)"),
            .. Say(_subAgents, "sub-agents run as sessions of their own; their run is subtracted from the tool time of the caller"),
            .. Say(_withoutInput, "entries have neither input nor calls and are left out"),
            .. Say(_withoutOutput, "calls without output are given one token"),
            .. Say(_withoutPause, "pauses are not recorded and taken from the distance of the calls"),
        ];

        public void Session(string id, string category, JsonElement segments, string place)
        {
            SessionBuilder builder = new();
            double nested = 0;
            int index = 0;
            foreach (JsonElement entry in segments.EnumerateArray())
            {
                string here = $"{place}: segments[{index++}]";
                if (entry.ValueKind == JsonValueKind.Object && entry.TryGetProperty("sub", out JsonElement sub) && sub.ValueKind == JsonValueKind.Array && sub.GetArrayLength() > 0)
                {
                    _subAgents++;
                    Session($"{id}/{(entry.TryGetProperty("agent_id", out JsonElement agent) ? agent.ToString() : _subAgents)}", SubAgentCategory, sub, here);
                    nested += (TraceJson.Seconds(entry, "duration_ms", here) ?? 0) / 1000;
                }
                else if (!entry.TryGetProperty("inp", out _))
                {
                    _withoutInput++;
                }
                else
                {
                    Call(builder, entry, nested, here);
                    nested = 0;
                }
            }
            if (builder.Finish() is { Length: > 0 } jobs)
                Sessions.Add(new SimulatedSession(id, "default", category, 0, null, 0, jobs));
        }

        private void Call(SessionBuilder builder, JsonElement entry, double nested, string place)
        {
            int input = TraceJson.Tokens(entry, "inp", place), hit = TraceJson.Tokens(entry, "hit", place), output = TraceJson.Tokens(entry, "out", place);
            if (hit > input || input == 0)
                throw new TraceException($"{place}: `inp` is {input} and `hit` {hit}: an input has at least one token, and no more is reused than it has");
            double at = TraceJson.Seconds(entry, "t", place) ?? 0, api = TraceJson.Seconds(entry, "api", place) ?? 0;
            if (TraceJson.Seconds(entry, "think", place) is not { } think)
            {
                think = at - builder.EndedAt;
                _withoutPause++;
            }
            if (builder.Context > 0 && hit < 0.9 * builder.Context)
                _compactions++;
            if (output == 0)
                _withoutOutput++;
            bool appends = builder.Context > 0 && hit > builder.Input - CacheBlockTokensMax && input > builder.Context;
            int kept = builder.Context == 0 ? 0 : Math.Min(appends ? builder.Context : Math.Min(hit, builder.Context), input - 1);
            bool human = TraceJson.Text(entry, "kind", place) == "human";
            builder.Add(human, Math.Max(0, think - nested), new SimulatedSegment(kept, input - kept, Math.Max(1, output), null, 0), at + api);
        }

        private static IEnumerable<string> Say(int count, string what) => count == 0 ? [] : [$"{count} {what}."];
    }

    private sealed class SessionBuilder
    {
        private readonly ImmutableArray<SimulatedJob>.Builder _jobs = ImmutableArray.CreateBuilder<SimulatedJob>();
        private readonly List<SimulatedSegment> _open = [];
        private double _pause;

        public int Context { get; private set; }

        public int Input { get; private set; }

        public double EndedAt { get; private set; }

        public void Add(bool human, double waitSeconds, SimulatedSegment call, double endedAt)
        {
            if (_open.Count > 0)
            {
                if (human)
                    Close(waitSeconds);
                else
                    _open[^1] = _open[^1] with { Tool = "tool", ToolSeconds = waitSeconds };
            }
            _open.Add(call);
            Input = call.Kept + call.New;
            Context = Input + call.Output;
            EndedAt = endedAt;
        }

        public ImmutableArray<SimulatedJob> Finish()
        {
            if (_open.Count > 0)
                Close(0);
            return _jobs.ToImmutable();
        }

        private void Close(double pauseAfter)
        {
            _jobs.Add(new SimulatedJob(_pause, [.. _open]));
            _open.Clear();
            _pause = pauseAfter;
        }
    }
}
