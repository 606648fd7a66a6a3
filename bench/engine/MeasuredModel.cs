using System.Diagnostics;
using Astraea.Worker.Engine;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Bench.Engine;

/// <summary>One format of the model, ready to be timed.</summary>
internal sealed class MeasuredModel : IDisposable
{
    private const int BlocksPerSequence = 64;

    private readonly CpuModel _model;
    private readonly CpuModelRunner _runner;
    private readonly StepBatch _batch = new();
    private readonly float[] _logits;
    private readonly int[] _tokens;
    private readonly int[][] _blocks;

    /// <summary>Loads a format.</summary>
    public MeasuredModel(string folder, WeightFormat format, KvFormat kv, int threads, int sequences)
    {
        Format = format;
        long start = Stopwatch.GetTimestamp();
        _model = CpuModel.Load(folder, format);
        LoadSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        _runner = new CpuModelRunner(_model, sequences * BlocksPerSequence, threads, kvFormat: kv);
        _logits = new float[(long)sequences * _model.Shape.Vocabulary];
        _blocks = [.. Enumerable.Range(0, sequences).Select(s => Enumerable.Range(s * BlocksPerSequence, BlocksPerSequence).ToArray())];
        var random = new Random(7);
        _tokens = [.. Enumerable.Range(0, BlocksPerSequence * 16).Select(_ => random.Next(_model.Shape.Vocabulary))];
    }

    public WeightFormat Format { get; }

    /// <summary>What loading took (s).</summary>
    public double LoadSeconds { get; }

    /// <summary>Bytes of weights that a decode step reads (By).</summary>
    public long WeightBytes => _model.MatrixBytes;

    /// <summary>The numerics class.</summary>
    public string Numerics => _runner.Numerics.ToString();

    /// <summary>Decodes some sequences side by side from an empty context (tokens/s, all together).</summary>
    public double Decode(int sequences, int steps)
    {
        Step(0);
        long start = Stopwatch.GetTimestamp();
        for (int position = 1; position <= steps; position++)
            Step(position);
        return sequences * steps / Stopwatch.GetElapsedTime(start).TotalSeconds;

        void Step(int position)
        {
            _batch.Clear();
            for (int s = 0; s < sequences; s++)
                _batch.Add(new StepSequence(_tokens.AsMemory(position, 1), position, _blocks[s], WantsLogits: true));
            _runner.Forward(_batch, _logits);
        }
    }

    /// <summary>Computes a prompt in one step, with the logits of its last token (tokens/s).</summary>
    public double Prefill(int tokens)
    {
        long start = Stopwatch.GetTimestamp();
        _batch.Clear();
        _batch.Add(new StepSequence(_tokens.AsMemory(0, tokens), 0, _blocks[0], WantsLogits: true));
        _runner.Forward(_batch, _logits);
        return tokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _runner.Dispose();
        _model.Dispose();
    }
}
