using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Models.Transformer;

/// <summary>The forward pass as a row of phases, each shared out in chunks over the thread team.</summary>
/// <remarks>A field says which phase runs, so that no phase allocates; phases write disjoint places, so that it does not matter who runs a chunk.</remarks>
internal sealed unsafe class ForwardPass(
    CpuModel model, PagedKv kv, StepRows rows, StepScratch scratch, InstructionSet set, ThreadTeam team, AlignedMemory[] attentionScratch) : IChunkedWork
{
    private const int RowsPerChunk = 8;

    // Below this many multiply-adds a phase costs less than waking another thread's caches for it.
    private const long SharedWorkMin = 50_000;

    private readonly ModelShape _shape = model.Shape;
    private readonly int _queryWidth = model.Shape.Heads * model.Shape.HeadDim;
    private readonly int _keyWidth = model.Shape.KvHeads * model.Shape.HeadDim;
    private readonly float _scoreScale = 1f / MathF.Sqrt(model.Shape.HeadDim);

    private Phase _phase;
    private LayerWeights _layer = null!;
    private int _layerIndex;
    private float[] _norm = null!;
    private bool _addsUpdate;
    private PackedMatrix _matrix = null!;
    private float* _input;
    private byte* _multiplied;
    private nint _multipliedStride;
    private float* _output;
    private nint _inputStride;
    private nint _outputStride;
    private int _matrixRows;

    private enum Phase
    {
        Embed,
        Normalize,
        Pack,
        Multiply,
        RotateAndStore,
        Attend,
        Gate,
    }

    /// <summary>Computes the step in <see cref="StepRows"/>.</summary>
    /// <param name="logits">[wanted rows, vocabulary] f32.</param>
    public void Run(float* logits)
    {
        RunRows(Phase.Embed, _shape.HiddenSize);
        for (_layerIndex = 0; _layerIndex < model.Layers.Length; _layerIndex++)
        {
            _layer = model.Layers[_layerIndex];
            Normalize(_layer.InputNorm, addsUpdate: _layerIndex > 0);
            Multiply(_layer.Qkv, scratch.Normed, scratch.HiddenStride, scratch.Qkv, scratch.QkvStride);
            RunRows(Phase.RotateAndStore, _queryWidth + 2 * _keyWidth);
            Attend();
            Multiply(_layer.Output, scratch.Attended, scratch.AttendedStride, scratch.Update, scratch.HiddenStride);
            Normalize(_layer.FeedForwardNorm, addsUpdate: true);
            Multiply(_layer.GateUp, scratch.Normed, scratch.HiddenStride, scratch.GateUp, scratch.GateUpStride);
            RunRows(Phase.Gate, 16 * _shape.IntermediateSize);
            Multiply(_layer.Down, scratch.GateUp, scratch.GateUpStride, scratch.Update, scratch.HiddenStride);
        }
        ComputeLogits(logits);
    }

    /// <inheritdoc/>
    public void Run(int chunk, int worker)
    {
        if (_phase == Phase.Multiply)
        {
            Linear.Run(set, _matrix, _multiplied, _multipliedStride, _matrixRows, _output, _outputStride, chunk);
            return;
        }
        if (_phase == Phase.Attend)
        {
            AttendTile(rows.Tiles[chunk / _shape.KvHeads], chunk % _shape.KvHeads, attentionScratch[worker].Floats);
            return;
        }
        int end = Math.Min(_phase == Phase.Pack ? _matrixRows : rows.Count, (chunk + 1) * RowsPerChunk);
        for (int row = chunk * RowsPerChunk; row < end; row++)
        {
            switch (_phase)
            {
                case Phase.Embed:
                    EmbedRow(row);
                    break;
                case Phase.Normalize:
                    NormalizeRow(row, row);
                    break;
                case Phase.Pack:
                    PackRow(row);
                    break;
                case Phase.RotateAndStore:
                    RotateAndStoreRow(row);
                    break;
                default:
                    GateRow(row);
                    break;
            }
        }
    }

    private void RunRows(Phase phase, long workPerRow)
    {
        _phase = phase;
        int count = phase == Phase.Pack ? _matrixRows : rows.Count;
        team.Run(this, (count + RowsPerChunk - 1) / RowsPerChunk, alone: count * workPerRow < SharedWorkMin);
    }

    private void Normalize(float[] weight, bool addsUpdate)
    {
        _norm = weight;
        _addsUpdate = addsUpdate;
        RunRows(Phase.Normalize, 2 * _shape.HiddenSize);
    }

    private void Multiply(PackedMatrix matrix, float* input, nint inputStride, float* output, nint outputStride, int? count = null)
    {
        _matrix = matrix;
        _input = input;
        _inputStride = inputStride;
        _output = output;
        _outputStride = outputStride;
        _matrixRows = count ?? rows.Count;
        bool packs = matrix.PackedRowBytes > 0;
        if (packs)
            RunRows(Phase.Pack, 2 * matrix.Inputs);
        _multiplied = (byte*)(packs ? scratch.Packed : input);
        _multipliedStride = (packs ? scratch.PackedStride : inputStride) * sizeof(float);
        _phase = Phase.Multiply;
        team.Run(this, Linear.Chunks(matrix, _matrixRows), alone: (long)matrix.Outputs * matrix.Inputs * _matrixRows < SharedWorkMin);
    }

    private void Attend()
    {
        _phase = Phase.Attend;
        team.Run(this, checked(rows.TileCount * _shape.KvHeads), alone: 2 * rows.TokensSeen * _queryWidth < SharedWorkMin);
    }

    private void ComputeLogits(float* logits)
    {
        if (rows.LogitCount == 0)
            return;
        _norm = model.FinalNorm;
        _addsUpdate = true;
        for (int i = 0; i < rows.LogitCount; i++)
            NormalizeRow(rows.LogitRows[i], i);
        Multiply(model.Head, scratch.Normed, scratch.HiddenStride, logits, _shape.Vocabulary, rows.LogitCount);
    }

    private void EmbedRow(int row)
    {
        model.Embedding.CopyRow(rows.Tokens[row], Hidden(scratch.Stream, row));
        RotaryEmbedding.Angles(model.RopeFrequencies, rows.Positions[row], Angles(scratch.Cosines, row), Angles(scratch.Sines, row));
    }

    private void NormalizeRow(int row, int target)
    {
        Span<float> stream = Hidden(scratch.Stream, row);
        if (_addsUpdate)
            VectorAdd.Run(set, stream, Hidden(scratch.Update, row));
        RmsNorm.Run(set, stream, _norm, model.Config.RmsNormEpsilon, Hidden(scratch.Normed, target));
    }

    private void PackRow(int row) =>
        _matrix.PackRow(set, new ReadOnlySpan<float>(_input + row * _inputStride, _matrix.Inputs), (byte*)(scratch.Packed + row * scratch.PackedStride));

    private void RotateAndStoreRow(int row)
    {
        int headDim = _shape.HeadDim;
        var qkv = new Span<float>(scratch.Qkv + row * scratch.QkvStride, _queryWidth + 2 * _keyWidth);
        if (_layer.QkvBias is float[] bias)
            VectorAdd.Run(set, qkv, bias);
        for (int head = 0; head < _shape.Heads + _shape.KvHeads; head++)
        {
            Span<float> values = qkv.Slice(head * headDim, headDim);
            if ((head < _shape.Heads ? _layer.QueryNorm : _layer.KeyNorm) is float[] norm)
                RmsNorm.Run(set, values, norm, model.Config.RmsNormEpsilon, values);
            RotaryEmbedding.Run(set, values, Angles(scratch.Cosines, row), Angles(scratch.Sines, row));
        }
        (int block, int slot) = rows.PlaceOf(row);
        for (int head = 0; head < _shape.KvHeads; head++)
        {
            ReadOnlySpan<float> key = qkv.Slice(_queryWidth + head * headDim, headDim);
            ReadOnlySpan<float> value = qkv.Slice(_queryWidth + _keyWidth + head * headDim, headDim);
            kv.View(_layerIndex, head).Write(block, slot, key, value);
        }
    }

    private void AttendTile(in AttentionTile tile, int kvHead, float* memory)
    {
        SequenceRows sequence = rows.Sequence(tile.Sequence);
        nint row = sequence.FirstRow + tile.First;
        int group = _shape.Heads / _shape.KvHeads, offset = kvHead * group * _shape.HeadDim;
        PagedAttention.Run(set, new AttentionRows
        {
            Kv = kv.View(_layerIndex, kvHead),
            Blocks = rows.BlocksOf(sequence),
            Position = sequence.Position + tile.First,
            Count = tile.Rows,
            Query = scratch.Qkv + row * scratch.QkvStride + offset,
            QueryStride = scratch.QkvStride,
            Output = scratch.Attended + row * scratch.AttendedStride + offset,
            OutputStride = scratch.AttendedStride,
            Group = group,
            Scale = _scoreScale,
        }, memory);
    }

    private void GateRow(int row)
    {
        float* gate = scratch.GateUp + row * scratch.GateUpStride;
        int width = _shape.IntermediateSize;
        SwiGlu.Run(set, new ReadOnlySpan<float>(gate, width), new ReadOnlySpan<float>(gate + width, width), new Span<float>(gate, width));
    }

    private Span<float> Hidden(float* matrix, int row) => new(matrix + row * scratch.HiddenStride, _shape.HiddenSize);

    private Span<float> Angles(float* matrix, int row) => new(matrix + row * scratch.AngleStride, _shape.HeadDim / 2);
}
