using System.Collections.Immutable;
using Astraea.Core.Determinism;
using Astraea.Core.Lifecycle;

namespace Astraea.Simulation.Tests;

/// <summary>What one simulated client wants, drawn from the seed, and what its request must answer whatever goes wrong on the way.</summary>
/// <param name="Index">Ordinal of the request in its world.</param>
/// <param name="Id">The agent request.</param>
/// <param name="Prompt">Its tokens; the first says how many segments there are, the second which one fails (or none), the third how slow its tokens are (ms).</param>
/// <param name="Keyed">Whether tool results carry an idempotency key.</param>
/// <param name="Foreground">Whether somebody must keep reading.</param>
/// <param name="ToolTime">How long its tools take.</param>
/// <param name="CancelAfter">When the client changes its mind, if it does.</param>
/// <param name="VanishAfter">When the client is gone for good, if it is.</param>
internal sealed record RequestScript(
    int Index, RequestId Id, ImmutableArray<int> Prompt, bool Keyed, bool Foreground, TimeSpan ToolTime, TimeSpan? CancelAfter, TimeSpan? VanishAfter)
{
    private const int NoFailure = 99;

    public static RequestScript Draw(int index, SeedTree seeds)
    {
        SeededGenerator chance = seeds.Child("script", index).Generator();
        int segments = chance.NextInt(1, 4);
        int failing = chance.NextInt(12) == 0 ? chance.NextInt(segments) : NoFailure;
        ImmutableArray<int> prompt = [segments, failing, chance.NextInt(10) == 0 ? 15_000 : 50, .. Enumerable.Range(0, chance.NextInt(1, 6)).Select(_ => chance.NextInt(1000))];
        RequestId id = new(new UInt128(chance.NextUInt64(), chance.NextUInt64()));
        bool keyed = chance.NextInt(2) == 0;
        bool foreground = chance.NextInt(3) > 0;
        TimeSpan tool = TimeSpan.FromSeconds(chance.NextDouble() * 8);
        int fate = chance.NextInt(12);
        TimeSpan when = TimeSpan.FromSeconds(chance.NextDouble() * 15);
        return new RequestScript(index, id, prompt, keyed, foreground, tool, fate == 0 ? when : null, fate == 1 ? when : null);
    }

    public int Segments => Prompt[0];

    public static bool Fails(int segment, IReadOnlyList<int> context) => context[1] == segment;

    public static double SecondsPerToken(IReadOnlyList<int> context) => context[2] / 1000.0;

    public static bool IsLast(int segment, IReadOnlyList<int> context) => segment >= context[0] - 1;

    /// <summary>The whole output of a segment: a function of its context alone, so a wrong context shows as wrong text.</summary>
    public static ImmutableArray<int> OutputOf(IReadOnlyList<int> context)
    {
        ulong hash = 17;
        foreach (int token in context)
            hash = StableHash.Join(hash, StableHash.Of(token));
        int length = 1 + (int)(hash % 10);
        return [.. Enumerable.Range(0, length).Select(i => (int)(StableHash.Join(hash, StableHash.Of(i)) % 5000))];
    }

    public static ImmutableArray<ParsedCall> CallsOf(IReadOnlyList<int> output) =>
        [.. Enumerable.Range(0, 1 + (output[0] % 2)).Select(i => new ParsedCall($"tool{i}", $"{output[^1]}"))];

    /// <summary>Input of the segment behind one that ended in calls: everything so far and what the tools said.</summary>
    public static ImmutableArray<int> NextContext(IReadOnlyList<int> context, IReadOnlyList<int> output) =>
        [.. context, .. output, 7000 + (output[0] % 100), 7100 + (output[^1] % 100)];

    public ImmutableArray<int> ContextOf(int segment)
    {
        ImmutableArray<int> context = Prompt;
        for (int i = 0; i < segment; i++)
            context = NextContext(context, OutputOf(context));
        return context;
    }

    public SegmentSpec Spec => new(16, 0, false, new Sampling(), [], ToolMode.Auto, null, null, Foreground);

    public string KeyOf(int exchange) => $"key-{Index}-{exchange}";
}
