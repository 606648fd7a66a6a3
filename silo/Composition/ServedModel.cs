using Astraea.Silo.Options;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Models.Mini;
using Astraea.Worker.Models.Text;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Silo.Composition;

/// <summary>The model this node serves: its text side for everybody, its weights for the workers, which share them.</summary>
internal sealed class ServedModel : IDisposable
{
    private readonly CpuModel? _weights;

    private ServedModel(ModelText text, CpuModel? weights)
    {
        Text = text;
        _weights = weights;
    }

    /// <summary>Tokenizer, template and output reader.</summary>
    public ModelText Text { get; }

    /// <summary>The weights.</summary>
    /// <exception cref="InvalidOperationException">This process runs no worker and has not loaded them.</exception>
    public CpuModel Weights => _weights ?? throw new InvalidOperationException("This process has no weights: it runs no worker.");

    /// <summary>Loads the folder that the options name; without one, writes and loads the built-in model.</summary>
    /// <param name="options">Which model.</param>
    /// <param name="dataDirectory">Where the built-in model is written.</param>
    /// <param name="weights">How the workers of this process keep the weights; null when it runs none.</param>
    public static ServedModel Load(ModelOptions options, string dataDirectory, WeightFormat? weights)
    {
        string folder = options.Path;
        if (folder.Length == 0)
        {
            folder = Path.Combine(dataDirectory, "models", TinyModel.Name);
            TinyModel.WriteTo(folder);
        }
        else if (!Directory.Exists(folder))
        {
            throw new NodeConfigurationException($"{ModelOptions.Section}:Path is '{folder}', where there is no folder.");
        }
        ModelText text = ModelText.Load(folder, options.Name.Length == 0 ? null : options.Name);
        return new ServedModel(text, weights is WeightFormat format ? CpuModel.Load(folder, format) : null);
    }

    /// <inheritdoc/>
    public void Dispose() => _weights?.Dispose();
}
