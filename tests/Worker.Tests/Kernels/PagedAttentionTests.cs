using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Tests.Kernels;

public sealed unsafe class PagedAttentionTests
{
    public static TheoryData<InstructionSet> Sets => KernelTests.Sets;

    public static TheoryData<InstructionSet, KvFormat> Paths
    {
        get
        {
            var data = new TheoryData<InstructionSet, KvFormat>();
            foreach (InstructionSet set in Enum.GetValues<InstructionSet>().Where(InstructionSets.IsSupported))
            {
                data.Add(set, KvFormat.F32);
                data.Add(set, KvFormat.Bf16);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Rows_attend_to_all_tokens_up_to_their_own_by_softmax_of_scaled_products(InstructionSet set, KvFormat format)
    {
        foreach ((int headDim, int group) in ((int, int)[])[(16, 1), (32, 2), (10, 3), (64, 7), (80, 1), (128, 4), (18, 30)])
        {
            using var rig = new Rig(headDim, tokens: 600, group, format: format);
            foreach ((int position, int count) in ((int, int)[])[(0, 1), (0, 24), (15, 2), (255, 1), (250, 12), (256, 1), (500, 24), (599, 1)])
            {
                int rows = Math.Min(count, PagedAttention.RowsPerChunk(group));
                float[] output = rig.Run(set, position, rows);
                for (int row = 0; row < rows; row++)
                {
                    for (int head = 0; head < group; head++)
                    {
                        double[] expected = rig.Expected(position + row, row, head);
                        for (int i = 0; i < headDim; i++)
                            KernelTests.AssertNear(expected[i], output[(row * group + head) * headDim + i], 3e-6);
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Sets))]
    public void Large_scores_do_not_overflow(InstructionSet set)
    {
        using var rig = new Rig(headDim: 16, tokens: 300, group: 1, scale: 60);
        float[] output = rig.Run(set, 299, 1);
        double[] expected = rig.Expected(299, 0, 0);
        for (int i = 0; i < 16; i++)
            KernelTests.AssertNear(expected[i], output[i], 2e-3);
    }

    /// <summary>One KV head with random keys and values in shuffled blocks; what lies behind the tokens is NaN.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly int _headDim, _group;
        private readonly float[] _keys, _values, _queries;
        private readonly int[] _blocks;
        private readonly PagedKv _kv;

        public Rig(int headDim, int tokens, int group, float scale = 1, KvFormat format = KvFormat.F32)
        {
            (_headDim, _group) = (headDim, group);
            _keys = KernelTests.Values(tokens * headDim, 1, scale);
            _values = KernelTests.Values(tokens * headDim, 2);
            if (format == KvFormat.Bf16)
            {
                // The formula is held against what the KV keeps, not against what was written.
                foreach (float[] kept in (float[][])[_keys, _values])
                {
                    for (int i = 0; i < kept.Length; i++)
                        kept[i] = Bf16.Widen(Bf16.Round(kept[i]));
                }
            }
            _queries = KernelTests.Values(PagedAttention.PairsMax * group * headDim, 3, scale);
            _blocks = [.. Enumerable.Range(0, (tokens + 15) / 16)];
            new Random(4).Shuffle(_blocks);
            _kv = new PagedKv(new ModelShape(8, 1, 8, group, 1, headDim, 8, 1024), _blocks.Length, format);
            var nan = new byte[_kv.BlockBytes];
            Array.Fill(nan, (byte)0xFF);
            foreach (int block in _blocks)
                _kv.CopyIn(block, nan);
            for (int t = 0; t < tokens; t++)
                _kv.View(0, 0).Write(_blocks[t / 16], t % 16, _keys.AsSpan(t * headDim, headDim), _values.AsSpan(t * headDim, headDim));
        }

        public void Dispose() => _kv.Dispose();

        public float[] Run(InstructionSet set, int position, int rows)
        {
            var output = new float[rows * _group * _headDim];
            using AlignedMemory scratch = AlignedMemory.ForFloats(PagedAttention.ScratchFloats(_headDim, _group));
            fixed (float* query = _queries, target = output)
            fixed (int* blocks = _blocks)
            {
                PagedAttention.Run(set, new AttentionRows
                {
                    Kv = _kv.View(0, 0),
                    Blocks = blocks,
                    Position = position,
                    Count = rows,
                    Query = query,
                    QueryStride = _group * _headDim,
                    Output = target,
                    OutputStride = _group * _headDim,
                    Group = _group,
                    Scale = 1 / MathF.Sqrt(_headDim),
                }, scratch.Floats);
            }
            return output;
        }

        public double[] Expected(int position, int row, int head)
        {
            double[] scores = [.. Enumerable.Range(0, position + 1).Select(t => Enumerable.Range(0, _headDim).Sum(
                i => (double)_queries[(row * _group + head) * _headDim + i] * _keys[t * _headDim + i]) / Math.Sqrt(_headDim))];
            double[] weights = [.. scores.Select(s => Math.Exp(s - scores.Max()))];
            double total = weights.Sum();
            return [.. Enumerable.Range(0, _headDim).Select(i => weights.Select((w, t) => w * _values[t * _headDim + i]).Sum() / total)];
        }
    }
}
