using System.Buffers.Binary;
using System.Collections.Immutable;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Tests.Engine;

/// <summary>A model whose next token is a hash of all KV bytes it read and the position, so a wrong block shows as wrong text.</summary>
internal sealed class FakeRunner(int blocks, int contextTokensMax = 4096) : IModelRunner
{
    public const int Vocabulary = 64;
    private readonly FakeMemory _memory = new(blocks);

    public ModelShape Shape { get; } = new(Vocabulary, 1, 1, 1, 1, 1, 1, contextTokensMax);

    public NumericsClass Numerics { get; } = new("fake", "none", "none", "u64", 1, "0");

    public IKvMemory Kv => _memory;

    /// <summary>Rows of each step so far.</summary>
    public List<int[]> Steps { get; } = [];

    /// <summary>Called before each step with its number; may throw.</summary>
    public Action<int>? BeforeStep { get; set; }

    /// <summary>Makes the logits of the next step unusable.</summary>
    public bool GivesNaN { get; set; }

    public void Forward(StepBatch batch, Span<float> logits)
    {
        BeforeStep?.Invoke(Steps.Count);
        Steps.Add([.. batch.Sequences.Select(s => s.Tokens.Length)]);
        int row = 0;
        foreach (StepSequence sequence in batch.Sequences)
        {
            for (int i = 0; i < sequence.Tokens.Length; i++)
            {
                int position = sequence.Position + i;
                ulong before = position == 0 ? 0 : _memory.Read(sequence.Blocks.Span, position - 1);
                _memory.Write(sequence.Blocks.Span, position, Mix(before ^ Mix((ulong)sequence.Tokens.Span[i] + 1) ^ Mix((ulong)position)));
            }
            if (!sequence.WantsLogits)
                continue;
            int length = sequence.Position + sequence.Tokens.Length;
            ulong hash = (ulong)length;
            for (int position = 0; position < length; position++)
                hash = Mix(hash ^ _memory.Read(sequence.Blocks.Span, position));
            Span<float> out_ = logits.Slice(Vocabulary * row++, Vocabulary);
            for (int v = 0; v < Vocabulary; v++)
                out_[v] = GivesNaN ? float.NaN : (Mix(hash + (ulong)v) >> 40) / (float)(1 << 24);
        }
    }

    public void Dispose() { }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private sealed class FakeMemory(int blocks) : IKvMemory
    {
        private readonly byte[] _bytes = new byte[blocks * 16 * sizeof(ulong)];

        public int BlockTokens => 16;

        public int Blocks => blocks;

        public int BlockBytes => 16 * sizeof(ulong);

        public void CopyOut(int block, Span<byte> destination) => _bytes.AsSpan(block * BlockBytes, BlockBytes).CopyTo(destination);

        public void CopyIn(int block, ReadOnlySpan<byte> source) => source[..BlockBytes].CopyTo(_bytes.AsSpan(block * BlockBytes));

        public ulong Read(ReadOnlySpan<int> table, int position) => BinaryPrimitives.ReadUInt64LittleEndian(At(table, position));

        public void Write(ReadOnlySpan<int> table, int position, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(At(table, position), value);

        private Span<byte> At(ReadOnlySpan<int> table, int position) =>
            _bytes.AsSpan(table[position / 16] * BlockBytes + position % 16 * sizeof(ulong), sizeof(ulong));
    }
}

/// <summary>Token 0 ends an answer; every other token is one letter. A named tool is called by a forced head and tail.</summary>
internal sealed class FakeText : IModelText, IConstraintFactory
{
    public const int End = 0;

    public string Model => "fake";

    public int ContextTokensMax => 4096;

    public ImmutableArray<int> EndTokens { get; } = [End];

    public RenderedPrompt Render(ChatConversation conversation) => throw new NotSupportedException();

    public string? Check(SegmentSpec spec) => null;

    public IOutputReader CreateReader(SegmentSpec spec) => new Reader(spec);

    public IOutputConstraint? Create(SegmentSpec spec) => spec.ToolMode == ToolMode.Named ? new CallForm(spec.MaxOutputTokens) : null;

    private sealed class Reader(SegmentSpec spec) : IOutputReader
    {
        private string _text = string.Empty;

        public ImmutableArray<ParsedCall> Calls { get; private set; } = [];

        public string Text => _text;

        public bool Stopped { get; private set; }

        public void Push(int token, ICollection<OutputDelta> deltas)
        {
            _text += (char)('0' + token);
            Stopped |= spec.Stop.Any(s => _text.EndsWith(s, StringComparison.Ordinal));
        }

        public void Finish(ICollection<OutputDelta> deltas)
        {
            if (spec.ToolMode == ToolMode.Named)
                Calls = [new ParsedCall(spec.ToolName ?? "tool", "{}")];
        }
    }

    /// <summary>A head of three tokens, so many sampled ones of even id, a tail of two.</summary>
    internal sealed class CallForm(int sampled) : IOutputConstraint
    {
        public static readonly int[] Head = [1, 3, 5];
        public static readonly int[] Tail = [7, 9];
        private int _taken;

        public ReadOnlySpan<int> Forced => _taken < 3 ? Head.AsSpan(_taken)
            : _taken < 3 + sampled ? []
            : Tail.AsSpan(Math.Min(2, _taken - 3 - sampled));

        public int Sampled => Math.Clamp(_taken - 3, 0, sampled);

        public bool Complete => _taken == 5 + sampled;

        public void Mask(Span<float> logits)
        {
            for (int v = 1; v < logits.Length; v += 2)
                logits[v] = float.NegativeInfinity;
        }

        public bool Accept(int token)
        {
            bool good = Forced.Length > 0 ? token == Forced[0] : token % 2 == 0;
            _taken++;
            return good;
        }
    }
}
