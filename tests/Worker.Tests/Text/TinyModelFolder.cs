using Astraea.Worker.Models.Mini;
using Astraea.Worker.Models.Text;

namespace Astraea.Worker.Tests.Text;

/// <summary>The tiny model, written once for all tests.</summary>
internal static class TinyModelFolder
{
    private static readonly Lazy<ModelText> Loaded = new(() =>
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "models", TinyModel.Name);
        TinyModel.WriteTo(folder);
        return ModelText.Load(folder);
    });

    public static ModelText Text => Loaded.Value;
}
