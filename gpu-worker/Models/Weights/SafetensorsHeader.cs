using System.Collections.Immutable;
using System.Text.Json;

namespace Astraea.Worker.Models.Weights;

/// <summary>Reads the header of a safetensors file: a JSON object from tensor name to format, shape and byte range.</summary>
/// <remarks>Format: eight bytes of little-endian header length, the header, the tensors' bytes without holes.</remarks>
internal static class SafetensorsHeader
{
    /// <summary>Bytes of the length in front (By).</summary>
    public const int LengthBytes = 8;

    /// <summary>Longest header read (By); the format's own limit.</summary>
    public const long HeaderBytesMax = 100_000_000;

    private const string Metadata = "__metadata__";

    /// <summary>Reads and checks a header.</summary>
    /// <param name="json">The header, UTF-8.</param>
    /// <param name="dataBytes">Bytes of the file behind the header (By).</param>
    /// <param name="place">Path for messages.</param>
    public static Dictionary<string, TensorInfo> Read(ReadOnlySpan<byte> json, long dataBytes, string place)
    {
        var tensors = new Dictionary<string, TensorInfo>(StringComparer.Ordinal);
        try
        {
            var reader = new Utf8JsonReader(json);
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ModelFormatException($"{place}: the header must be a JSON object.");
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                if (property.Name == Metadata)
                    continue;
                if (!tensors.TryAdd(property.Name, Tensor(property, place)))
                    throw new ModelFormatException($"{place}: tensor '{property.Name}' stands twice in the header.");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // The second: text that is no Unicode.
        {
            throw new ModelFormatException($"{place}: the header is not JSON: {e.Message}", e);
        }
        CheckRanges(tensors.Values, dataBytes, place);
        return tensors;
    }

    private static TensorInfo Tensor(JsonProperty property, string place)
    {
        string where = $"{place}: tensor '{property.Name}'";
        JsonElement entry = property.Value;
        if (entry.ValueKind != JsonValueKind.Object)
            throw new ModelFormatException($"{where} must be an object.");
        if (!entry.TryGetProperty("dtype", out JsonElement format) || format.ValueKind != JsonValueKind.String)
            throw new ModelFormatException($"{where}: 'dtype' must be a text.");
        ImmutableArray<long> shape = Numbers(entry, "shape", where);
        ImmutableArray<long> range = Numbers(entry, "data_offsets", where);
        if (range.Length != 2 || range[0] > range[1])
            throw new ModelFormatException($"{where}: 'data_offsets' must be a begin and an end, in this order.");

        var tensor = new TensorInfo(property.Name, format.GetString()!, shape, range[0], range[1]);
        if (tensor.Format != TensorFormat.Other)
            CheckSize(tensor, where);
        return tensor;
    }

    private static ImmutableArray<long> Numbers(JsonElement entry, string key, string where)
    {
        if (!entry.TryGetProperty(key, out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            throw new ModelFormatException($"{where}: '{key}' must be a list.");
        ImmutableArray<long>.Builder numbers = ImmutableArray.CreateBuilder<long>(list.GetArrayLength());
        foreach (JsonElement item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out long number) || number < 0)
                throw new ModelFormatException($"{where}: '{key}' must hold integers from 0, but holds {item.GetRawText()}.");
            numbers.Add(number);
        }
        return numbers.ToImmutable();
    }

    private static void CheckSize(TensorInfo tensor, string where)
    {
        UInt128 bytes = tensor.Format == TensorFormat.F32 ? 4u : 2u;
        foreach (long dimension in tensor.Shape)
        {
            bytes *= (UInt128)dimension;
            if (bytes > long.MaxValue)
                throw new ModelFormatException($"{where}: shape {tensor.ShapeText} is too large.");
        }
        if (bytes != (UInt128)(tensor.End - tensor.Begin))
            throw new ModelFormatException(
                $"{where}: shape {tensor.ShapeText} of {tensor.FormatName} takes {bytes} bytes, but 'data_offsets' spans {tensor.End - tensor.Begin}.");
    }

    private static void CheckRanges(IEnumerable<TensorInfo> tensors, long dataBytes, string place)
    {
        long expected = 0;
        foreach (TensorInfo tensor in tensors.OrderBy(t => t.Begin).ThenBy(t => t.End))
        {
            if (tensor.End > dataBytes)
                throw new ModelFormatException(
                    $"{place}: tensor '{tensor.Name}' ends at byte {tensor.End}, but only {dataBytes} bytes follow the header: the file is cut short.");
            if (tensor.Begin != expected)
                throw new ModelFormatException(
                    $"{place}: tensor '{tensor.Name}' begins at byte {tensor.Begin}, but the one before it ends at {expected}: tensors must touch.");
            expected = tensor.End;
        }
        if (expected != dataBytes)
            throw new ModelFormatException($"{place}: {dataBytes - expected} bytes behind the last tensor belong to none.");
    }
}
