using System.Runtime.InteropServices;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Tests.Models;

/// <summary>
/// Runs sequences in a random, seeded composition: who is in a step, how long the chunks are, which blocks hold the KV, what is copied out and into
/// other blocks, what is thrown away and computed again. Every free block is full of NaN.
/// </summary>
internal sealed class Composition
{
    private readonly IModelRunner _runner;
    private readonly Random _random;
    private readonly List<int> _free;
    private readonly byte[] _nan;
    private readonly List<Sequence> _sequences;

    public Composition(IModelRunner runner, int[][] tokens, int seed)
    {
        _runner = runner;
        _random = new Random(seed);
        _nan = new byte[runner.Kv.BlockBytes];
        MemoryMarshal.Cast<byte, float>(_nan.AsSpan()).Fill(float.NaN);
        _free = [.. Enumerable.Range(0, runner.Kv.Blocks)];
        foreach (int block in _free)
            runner.Kv.CopyIn(block, _nan);
        _sequences = [.. tokens.Select((t, i) => new Sequence(i, t))];
    }

    public int Steps { get; private set; }

    public int Swaps { get; private set; }

    public int Recomputations { get; private set; }

    public int Comparisons { get; private set; }

    /// <summary>Runs to the end.</summary>
    /// <param name="compare">Takes sequence, position and logits.</param>
    public void Run(Action<int, int, float[]> compare)
    {
        while (_sequences.Exists(s => s.Position < s.Tokens.Length))
        {
            Sequence[] chosen = [.. _sequences.Where(s => s.Position < s.Tokens.Length && _random.Next(3) > 0)];
            foreach (Sequence sequence in chosen)
                Disturb(sequence);
            _random.Shuffle(chosen);
            Step(chosen, compare);
        }
    }

    private void Step(Sequence[] chosen, Action<int, int, float[]> compare)
    {
        StepSequence[] rows = [.. chosen.Select(Rows)];
        float[][] logits = _runner.Step(rows);
        int next = 0;
        for (int i = 0; i < chosen.Length; i++)
        {
            chosen[i].Position += rows[i].Tokens.Length;
            if (!rows[i].WantsLogits)
                continue;
            compare(chosen[i].Index, chosen[i].Position - 1, logits[next++]);
            Comparisons++;
        }
        Steps++;
    }

    private StepSequence Rows(Sequence sequence)
    {
        int left = sequence.Tokens.Length - sequence.Position;
        int count = Math.Min(left, _random.Next(8) switch { 0 or 1 => 1, 2 or 3 or 4 => _random.Next(1, 8), 5 or 6 => _random.Next(1, 70), _ => left });
        while (sequence.Blocks.Count < RunnerSteps.BlocksFor(sequence.Position + count))
            sequence.Blocks.Add(TakeBlock());
        return new StepSequence(
            sequence.Tokens.AsMemory(sequence.Position, count), sequence.Position, sequence.Blocks.ToArray(), count == left || _random.Next(2) == 0);
    }

    private void Disturb(Sequence sequence)
    {
        if (sequence.Position == 0)
            return;
        // The first chance is always taken, so that every composition has both.
        int chance = Swaps == 0 ? 0 : Recomputations == 0 ? 1 : _random.Next(5);
        switch (chance)
        {
            case 0:
                SwapOutAndIn(sequence);
                break;
            case 1 when sequence.TimesDiscarded < 2:
                // Thrown away from some block on: the head stays, the rest is computed again, elsewhere.
                int kept = _random.Next(sequence.Position / 16 + 1);
                foreach (int block in sequence.Blocks.Skip(kept))
                    Release(block);
                sequence.Blocks.RemoveRange(kept, sequence.Blocks.Count - kept);
                sequence.Position = kept * 16;
                sequence.TimesDiscarded++;
                Recomputations++;
                break;
        }
    }

    private void SwapOutAndIn(Sequence sequence)
    {
        var host = new List<byte[]>();
        foreach (int block in sequence.Blocks)
        {
            var bytes = new byte[_runner.Kv.BlockBytes];
            _runner.Kv.CopyOut(block, bytes);
            host.Add(bytes);
            Release(block);
        }
        for (int i = 0; i < host.Count; i++)
        {
            sequence.Blocks[i] = TakeBlock();
            _runner.Kv.CopyIn(sequence.Blocks[i], host[i]);
        }
        Swaps++;
    }

    private int TakeBlock()
    {
        int at = _random.Next(_free.Count);
        int block = _free[at];
        _free.RemoveAt(at);
        return block;
    }

    private void Release(int block)
    {
        _runner.Kv.CopyIn(block, _nan);
        _free.Add(block);
    }

    private sealed class Sequence(int index, int[] tokens)
    {
        public int Index => index;

        public int[] Tokens => tokens;

        public List<int> Blocks { get; } = [];

        public int Position { get; set; }

        public int TimesDiscarded { get; set; }
    }
}
