using Astraea.Silo.Options;
using Astraea.Worker.Models.Mini;
using Astraea.Worker.Models.Text;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Silo.Composition;

/// <summary>The model this node serves: its text side for everybody, its weights for the workers, which share them.</summary>
internal sealed record ServedModel(ModelText Text, CpuModel Weights) : IDisposable
{
    /// <summary>Loads the folder that the options name; without one, writes and loads the built-in model.</summary>
    public static ServedModel Load(ModelOptions options, string dataDirectory)
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
        return new ServedModel(text, CpuModel.Load(folder));
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
