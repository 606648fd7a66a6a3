using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Chat requests with the hashes of their prefix blocks (Mooncake, FAST 2025): <c>timestamp</c> (ms), <c>input_length</c>, <c>output_length</c>, <c>hash_ids</c>.</summary>
/// <remarks>
/// A request whose blocks begin with all whole blocks of an earlier one, and more of them than every session begins with, is the next turn of it: a job of the same
/// session, after the pause between the two. What all sessions with the same first block have in common is a shared prefix (a system prompt).
/// </remarks>
public static class MooncakeTrace
{
    /// <summary>Tokens in a hashed block (tokens).</summary>
    public const int BlockTokens = 512;

    /// <summary>Category of its sessions.</summary>
    public const string Category = "chat";

    /// <summary>Reads the lines of a file.</summary>
    /// <exception cref="TraceException">A line is not in the schema.</exception>
    public static SessionWorkload Read(string name, IEnumerable<string> lines)
    {
        var requests = new List<Request>();
        int number = 0;
        foreach (string line in lines)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
                requests.Add(ReadRequest(line, $"{name}: line {number}"));
        }
        Dictionary<long, int> shared = SharedBlocks(requests);
        List<List<Request>> chains = Chains(requests, shared);
        ImmutableArray<SimulatedSession> sessions = [.. chains.Select((chain, index) => Session(chain, index, shared))];
        return new SessionWorkload(name, sessions, [$"{requests.Count} requests make {sessions.Length} sessions: {requests.Count - sessions.Length} go on from an earlier one by their prefix blocks."]);
    }

    private static Request ReadRequest(string line, string place)
    {
        using JsonDocument document = TraceJson.Parse(line, place);
        JsonElement root = document.RootElement;
        JsonElement hashes = TraceJson.Array(root, "hash_ids", place);
        int input = TraceJson.Tokens(root, "input_length", place);
        if (input == 0 || hashes.GetArrayLength() != (input + BlockTokens - 1) / BlockTokens)
            throw new TraceException($"{place}: `hash_ids` has {hashes.GetArrayLength()} entries for {input} tokens of input; blocks have {BlockTokens} tokens");
        double at = (TraceJson.Seconds(root, "timestamp", place) ?? throw new TraceException($"{place}: `timestamp` is missing")) / 1000;
        return new Request(at, input, Math.Max(1, TraceJson.Tokens(root, "output_length", place)), [.. hashes.EnumerateArray().Select(static h => h.GetInt64())]);
    }

    /// <summary>How many whole leading blocks all requests with the same first block have in common; only where there are several.</summary>
    private static Dictionary<long, int> SharedBlocks(List<Request> requests)
    {
        var shared = new Dictionary<long, int>();
        foreach (IGrouping<long, Request> group in requests.GroupBy(static r => r.Blocks[0]).Where(static g => g.Skip(1).Any()))
        {
            Request first = group.First();
            int common = first.Input / BlockTokens;
            foreach (Request other in group)
                common = Math.Min(Math.Min(common, (other.Input - 1) / BlockTokens), first.Blocks.AsSpan().CommonPrefixLength(other.Blocks.AsSpan()));
            shared[group.Key] = common;
        }
        return shared;
    }

    private static List<List<Request>> Chains(List<Request> requests, Dictionary<long, int> shared)
    {
        var chains = new List<List<Request>>();
        // A block's id names all before it too, so the last whole block names the whole prompt.
        var endsWith = new Dictionary<long, List<Request>>();
        foreach (Request request in requests)
        {
            List<Request>? chain = null;
            int least = shared.GetValueOrDefault(request.Blocks[0]);
            for (int block = request.Blocks.Length - 1; block >= least && chain is null; block--)
            {
                if (endsWith.Remove(request.Blocks[block], out List<Request>? found))
                    chain = found;
            }
            if (chain is null)
                chains.Add(chain = []);
            chain.Add(request);
            int whole = request.Input / BlockTokens;
            if (whole > least)
                endsWith[request.Blocks[whole - 1]] = chain;
        }
        return chains;
    }

    private static SimulatedSession Session(List<Request> chain, int index, Dictionary<long, int> shared)
    {
        var jobs = ImmutableArray.CreateBuilder<SimulatedJob>(chain.Count);
        Request? before = null;
        foreach (Request request in chain)
        {
            int same = before is null ? 0 : before.Value.Blocks.AsSpan().CommonPrefixLength(request.Blocks.AsSpan()) * BlockTokens;
            int context = before is { } b ? b.Input + b.Output : 0;
            int kept = before is null ? 0 : request.Input > context && same >= before.Value.Input / BlockTokens * BlockTokens ? context : Math.Min(same, request.Input - 1);
            jobs.Add(new SimulatedJob(before is null ? 0 : Math.Max(0, request.At - before.Value.At), [new SimulatedSegment(kept, request.Input - kept, request.Output, null, 0)]));
            before = request;
        }
        int sharedTokens = shared.GetValueOrDefault(chain[0].Blocks[0]) * BlockTokens;
        return new SimulatedSession(
            $"chat-{index}", "default", Category, chain[0].At, sharedTokens > 0 ? $"blocks-{chain[0].Blocks[0]}" : null, sharedTokens, jobs.MoveToImmutable());
    }

    private readonly record struct Request(double At, int Input, int Output, ImmutableArray<long> Blocks);
}
