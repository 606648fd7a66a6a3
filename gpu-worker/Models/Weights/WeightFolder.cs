using System.Text.Json;

namespace Astraea.Worker.Models.Weights;

/// <summary>The tensors of a model folder: one model.safetensors, or the shards named by model.safetensors.index.json.</summary>
public sealed class WeightFolder : IDisposable
{
    /// <summary>The file of a model in one piece.</summary>
    public const string SingleFile = "model.safetensors";

    /// <summary>The index of a model in shards.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, (SafetensorsFile File, TensorInfo Tensor)> _tensors = new(StringComparer.Ordinal);

    private WeightFolder(string folder) => Folder = folder;

    /// <summary>Path, for messages.</summary>
    public string Folder { get; }

    /// <summary>Names of all tensors.</summary>
    public IEnumerable<string> Names => _tensors.Keys;

    /// <summary>Opens the files of a folder.</summary>
    /// <exception cref="ModelFormatException">A file is missing or malformed; the message names it.</exception>
    public static WeightFolder Open(string folder)
    {
        var weights = new WeightFolder(folder);
        try
        {
            string index = Path.Combine(folder, IndexFile);
            if (File.Exists(index))
                weights.OpenShards(index);
            else
                weights.AddAll(weights.OpenFile(SingleFile));
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Finds a tensor and the file it lies in.</summary>
    public bool TryFind(string name, out SafetensorsFile file, out TensorInfo tensor)
    {
        bool found = _tensors.TryGetValue(name, out (SafetensorsFile File, TensorInfo Tensor) entry);
        (file, tensor) = entry;
        return found;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafetensorsFile file in _files)
            file.Dispose();
    }

    private SafetensorsFile OpenFile(string name)
    {
        SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder, name));
        _files.Add(file);
        return file;
    }

    private void AddAll(SafetensorsFile file)
    {
        foreach (TensorInfo tensor in file.Tensors.Values)
            _tensors.Add(tensor.Name, (file, tensor));
    }

    private void OpenShards(string index)
    {
        var shards = new Dictionary<string, SafetensorsFile>(StringComparer.Ordinal);
        foreach ((string tensor, string shard) in ReadIndex(index))
        {
            if (!shards.TryGetValue(shard, out SafetensorsFile? file))
                shards.Add(shard, file = OpenFile(shard));
            if (!file.Tensors.TryGetValue(tensor, out TensorInfo? info))
                throw new ModelFormatException($"{index}: tensor '{tensor}' should lie in '{shard}', but does not.");
            _tensors.Add(tensor, (file, info));
        }
    }

    private static Dictionary<string, string> ReadIndex(string index)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(index));
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException($"{index}: key 'weight_map' must be an object.");
            var names = new Dictionary<string, string>(StringComparer.Ordinal);
            foreach (JsonProperty entry in map.EnumerateObject())
            {
                string? shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null;
                // A shard is a file of this folder; anything else would let an index read files elsewhere.
                if (string.IsNullOrEmpty(shard) || shard is "." or ".." || shard.AsSpan().ContainsAny('/', '\\', ':'))
                    throw new ModelFormatException(
                        $"{index}: key 'weight_map.{entry.Name}' must be the name of a file of the folder, but is {entry.Value.GetRawText()}.");
                if (!names.TryAdd(entry.Name, shard))
                    throw new ModelFormatException($"{index}: key 'weight_map.{entry.Name}' stands twice.");
            }
            return names;
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"{index}: is not JSON: {e.Message}", e);
        }
        catch (IOException e)
        {
            throw new ModelFormatException($"{index}: cannot be read: {e.Message}", e);
        }
    }
}
