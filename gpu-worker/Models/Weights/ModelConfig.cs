using System.Collections.Immutable;
using System.Globalization;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Models.Weights;

/// <summary>The families of decoders this backend runs; they differ in biases and norms.</summary>
public enum ModelArchitecture
{
    /// <summary>Llama 2 and 3: no biases, no query or key norms.</summary>
    Llama,

    /// <summary>Qwen2 and 2.5: biases on query, key and value.</summary>
    Qwen2,

    /// <summary>Qwen3 (dense): norms on the heads of query and key.</summary>
    Qwen3,
}

/// <summary>What config.json says of a model.</summary>
/// <param name="Architecture">The family.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="RmsNormEpsilon">Epsilon of every norm.</param>
/// <param name="RopeTheta">Base of the rotary frequencies.</param>
/// <param name="RopeScaling">Llama 3.1's scaling, or none.</param>
/// <param name="TiedEmbeddings">Whether the output layer is the embedding table.</param>
/// <param name="EosTokens">Token ids that end an output; may be empty.</param>
/// <param name="BosToken">Token id that begins a text, or null.</param>
public sealed record ModelConfig(
    ModelArchitecture Architecture, ModelShape Shape, float RmsNormEpsilon, double RopeTheta, Llama3RopeScaling? RopeScaling,
    bool TiedEmbeddings, ImmutableArray<int> EosTokens, int? BosToken)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "config.json";

    /// <summary>Query, key and value biases.</summary>
    public bool HasQkvBias => Architecture == ModelArchitecture.Qwen2;

    /// <summary>Norms on query and key heads.</summary>
    public bool HasHeadNorms => Architecture == ModelArchitecture.Qwen3;

    /// <summary>Reads config.json of a model folder.</summary>
    /// <exception cref="ModelFormatException">The file is missing, is not JSON, or a key has a value that is not supported.</exception>
    public static ModelConfig Load(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            return ModelConfigReader.Read(File.ReadAllBytes(path), path);
        }
        catch (IOException e)
        {
            throw new ModelFormatException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Everything besides the weights that decides a result, as one line: part of the weights digest.</summary>
    internal string Canonical() => string.Create(CultureInfo.InvariantCulture,
        $"{Architecture} {Shape} eps={RmsNormEpsilon:R} theta={RopeTheta:R} scaling={RopeScaling} tied={TiedEmbeddings}");
}

/// <summary>Llama 3.1's rotary scaling.</summary>
/// <param name="Factor">How far long waves are stretched.</param>
/// <param name="LowFrequencyFactor">Waves with fewer turns than this in the original context are stretched.</param>
/// <param name="HighFrequencyFactor">Waves with more turns than this are kept.</param>
/// <param name="OriginalContextTokens">Context the model was first trained on (tokens).</param>
public sealed record Llama3RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalContextTokens);
