using Astraea.Worker.Engine;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Models.Weights;

namespace Astraea.Worker.Models.Transformer;

/// <summary>A model's weights in memory, packed for the CPU kernels. Immutable; any number of runners may share it.</summary>
public sealed class CpuModel : IDisposable
{
    private readonly object _gate = new();
    private int _runners;
    private bool _disposed;
    private bool _freed;

    internal CpuModel(ModelConfig config, WeightFormat weights, string digest, double[] ropeFrequencies,
        PackedMatrix embedding, LayerWeights[] layers, float[] finalNorm, PackedMatrix head)
    {
        Config = config;
        Weights = weights;
        WeightsDigest = digest;
        RopeFrequencies = ropeFrequencies;
        Embedding = embedding;
        Layers = layers;
        FinalNorm = finalNorm;
        Head = head;
    }

    /// <summary>What the model's config says.</summary>
    public ModelConfig Config { get; }

    /// <summary>Sizes.</summary>
    public ModelShape Shape => Config.Shape;

    /// <summary>How its matrices are kept.</summary>
    public WeightFormat Weights { get; }

    /// <summary>Hex digest over the weights and everything else in the folder that decides results.</summary>
    public string WeightsDigest { get; }

    /// <summary>[headDim / 2] radians per token.</summary>
    internal double[] RopeFrequencies { get; }

    /// <summary>[vocabulary, hidden].</summary>
    internal PackedMatrix Embedding { get; }

    /// <summary>The layers.</summary>
    internal LayerWeights[] Layers { get; }

    /// <summary>[hidden].</summary>
    internal float[] FinalNorm { get; }

    /// <summary>[vocabulary, hidden]; the embedding itself when they are tied.</summary>
    internal PackedMatrix Head { get; }

    /// <summary>Loads a Hugging Face folder: config.json and safetensors of F32, F16 or BF16.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="weights">How to keep the matrices, whatever they are stored as.</param>
    /// <exception cref="ModelFormatException">Something in the folder is missing, malformed or not supported; the message says where.</exception>
    public static CpuModel Load(string folder, WeightFormat weights = WeightFormat.F32)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return CpuModelLoader.Load(folder, weights);
    }

    /// <summary>Bytes of all matrices that a step with one row reads (By): the embedding table only where it is the output layer too.</summary>
    internal long MatrixBytes => Layers.Sum(l => l.Qkv.Bytes + l.Output.Bytes + l.GateUp.Bytes + l.Down.Bytes) + Head.Bytes;

    /// <summary>Bytes of the longest packed input row of its matrices (By); 0 when they read rows as they are.</summary>
    internal int PackedRowBytesMax => Layers.SelectMany(l => (PackedMatrix[])[l.Qkv, l.Output, l.GateUp, l.Down]).Append(Head).Max(m => m.PackedRowBytes);

    /// <summary>Frees the weights, once the last runner that uses them is gone too.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            FreeIfUnused();
        }
    }

    /// <summary>A runner begins to use the weights.</summary>
    internal void AddRunner()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _runners++;
        }
    }

    /// <summary>A runner is gone.</summary>
    internal void RemoveRunner()
    {
        lock (_gate)
        {
            _runners--;
            FreeIfUnused();
        }
    }

    private void FreeIfUnused()
    {
        if (!_disposed || _runners > 0 || _freed)
            return;
        _freed = true;
        foreach (LayerWeights layer in Layers)
            layer.Dispose();
        Embedding.Dispose();
        Head.Dispose();
    }
}
