using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Astraea.Core.Lifecycle;

/// <summary>A fingerprint of a whole state, the same on every machine: a replayed history must give the one the live state has (RELIABILITY.md, I8).</summary>
public static class AgentRequestStateHash
{
    /// <summary>SHA-256 over every field in a fixed order, hex.</summary>
    public static string Hash(this AgentRequestState state)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // Records print all their fields, with the invariant culture; lists are written out, for records would print only their type.
        Add(hash, $"{state.Id}|{state.Version}|{state.SchedulerVersion}|{state.Tenant}|{state.Pool}|{state.Category}|{state.Parent}|{state.Session}");
        Add(hash, $"{state.SubmittedAt.Ticks}|{state.Phase}|{state.PhaseSince.Ticks}|{state.NextDue?.Ticks}|{state.Segment}|{state.Attempt}|{state.EndedAttempt}|{state.Worker}");
        Add(hash, $"{state.Level}|{state.WhyRanked}|{state.Kv}|{state.ComputedTokens}|{state.Waited.Ticks}|{state.CallCount}");
        Add(hash, $"{BitConverter.DoubleToInt64Bits(state.AttainedSeconds)}|{BitConverter.DoubleToInt64Bits(state.ReturnedSeconds)}");
        Add(hash, $"{state.Spec with { Stop = [] }}|{string.Join('\u001f', state.Spec.Stop)}");
        foreach (ToolCall call in state.PendingCalls)
            Add(hash, $"pending|{call}");
        foreach (SegmentOutcome outcome in state.Outcomes)
            Add(hash, $"outcome|{outcome}");
        foreach (AcceptedExchange exchange in state.Exchanges)
            Add(hash, $"exchange|{exchange.Exchange}|{string.Join('|', exchange.CallIds)}");
        Add(hash, state.ContextIds);
        Add(hash, state.OutputIds);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Add(IncrementalHash hash, string text)
    {
        Add(hash, text.Length);
        hash.AppendData(Encoding.UTF8.GetBytes(text));
    }

    private static void Add(IncrementalHash hash, List<int> tokens)
    {
        Add(hash, tokens.Count);
        foreach (int token in tokens)
            Add(hash, token);
    }

    private static void Add(IncrementalHash hash, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        hash.AppendData(bytes);
    }
}
