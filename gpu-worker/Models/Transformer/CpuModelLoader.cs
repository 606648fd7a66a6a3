using System.Globalization;
using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Models.Weights;

namespace Astraea.Worker.Models.Transformer;

/// <summary>Loads a model folder: names of tensors, and how they are stacked.</summary>
internal static class CpuModelLoader
{
    /// <summary>Loads a folder.</summary>
    public static CpuModel Load(string folder, WeightFormat format)
    {
        ModelConfig config = ModelConfig.Load(folder);
        using WeightFolder weights = WeightFolder.Open(folder);
        using var reader = new TensorReader(weights);
        var made = new List<IDisposable>();
        var target = new Target(reader, format, made);
        try
        {
            double[] frequencies = RotaryEmbedding.Frequencies(config.Shape.HeadDim, config.RopeTheta, config.RopeScaling);
            reader.Digest(config.Canonical());
            // They come from the platform's power function, which may differ in the last bit between machines: then the classes differ too.
            reader.Digest(string.Join(' ', frequencies.Select(f => f.ToString("R", CultureInfo.InvariantCulture))));

            ModelShape shape = config.Shape;
            PackedMatrix embedding = Stack(target, shape.HiddenSize, ("model.embed_tokens.weight", shape.Vocabulary));
            var layers = new LayerWeights[shape.Layers];
            for (int i = 0; i < layers.Length; i++)
                layers[i] = Layer(target, config, $"model.layers.{i}.");
            float[] finalNorm = reader.Vector("model.norm.weight", shape.HiddenSize);
            PackedMatrix head = config.TiedEmbeddings ? embedding : Stack(target, shape.HiddenSize, ("lm_head.weight", shape.Vocabulary));
            reader.CheckAllRead(name => IsHarmless(name, config));
            return new CpuModel(config, format, reader.Finish(), frequencies, embedding, layers, finalNorm, head);
        }
        catch
        {
            foreach (IDisposable matrix in made)
                matrix.Dispose();
            throw;
        }
    }

    // Tied models are often stored with a copy of the embedding, and old ones with the rotary frequencies, which follow from the config.
    private static bool IsHarmless(string name, ModelConfig config) =>
        (config.TiedEmbeddings && name == "lm_head.weight") || name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal);

    private static LayerWeights Layer(in Target target, ModelConfig config, string prefix)
    {
        ModelShape shape = config.Shape;
        TensorReader reader = target.Reader;
        int queries = shape.Heads * shape.HeadDim, keys = shape.KvHeads * shape.HeadDim;
        string attention = $"{prefix}self_attn.", feedForward = $"{prefix}mlp.";
        return new LayerWeights(
            reader.Vector($"{prefix}input_layernorm.weight", shape.HiddenSize),
            Stack(target, shape.HiddenSize,
                ($"{attention}q_proj.weight", queries), ($"{attention}k_proj.weight", keys), ($"{attention}v_proj.weight", keys)),
            !config.HasQkvBias ? null :
            [
                .. reader.Vector($"{attention}q_proj.bias", queries),
                .. reader.Vector($"{attention}k_proj.bias", keys),
                .. reader.Vector($"{attention}v_proj.bias", keys),
            ],
            config.HasHeadNorms ? reader.Vector($"{attention}q_norm.weight", shape.HeadDim) : null,
            config.HasHeadNorms ? reader.Vector($"{attention}k_norm.weight", shape.HeadDim) : null,
            Stack(target, queries, ($"{attention}o_proj.weight", shape.HiddenSize)),
            reader.Vector($"{prefix}post_attention_layernorm.weight", shape.HiddenSize),
            Stack(target, shape.HiddenSize,
                ($"{feedForward}gate_proj.weight", shape.IntermediateSize), ($"{feedForward}up_proj.weight", shape.IntermediateSize)),
            Stack(target, shape.IntermediateSize, ($"{feedForward}down_proj.weight", shape.HiddenSize)));
    }

    /// <summary>Packs matrices of the same inputs one below the other.</summary>
    private static PackedMatrix Stack(in Target target, int inputs, params ReadOnlySpan<(string Name, int Rows)> parts)
    {
        int outputs = 0;
        foreach ((_, int rows) in parts)
            outputs = checked(outputs + rows);
        PackedMatrix matrix = PackedMatrix.Create(target.Format, outputs, inputs);
        target.Made.Add(matrix);
        int first = 0;
        foreach ((string name, int rows) in parts)
        {
            int offset = first;
            target.Reader.Matrix(name, rows, inputs, (row, values) => matrix.SetRow(offset + row, values));
            first += rows;
        }
        return matrix;
    }

    /// <summary>Where tensors come from and what they become.</summary>
    /// <param name="Reader">The folder.</param>
    /// <param name="Format">How matrices are kept.</param>
    /// <param name="Made">Matrices made so far, to be freed if loading fails.</param>
    private readonly record struct Target(TensorReader Reader, WeightFormat Format, List<IDisposable> Made);
}
