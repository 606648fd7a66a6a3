using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Astraea.Worker.Models.Weights;

/// <summary>Reads the tensors of a model as f32, checks their shapes and numbers, and digests all that was read, in reading order.</summary>
internal sealed class TensorReader : IDisposable
{
    private readonly WeightFolder _folder;
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>Reads from a folder.</summary>
    public TensorReader(WeightFolder folder) => _folder = folder;

    /// <summary>Takes one row of numbers.</summary>
    public delegate void RowSink(int row, ReadOnlySpan<float> values);

    /// <summary>Adds something besides weights that decides results.</summary>
    public void Digest(string text) => _digest.AppendData(Encoding.UTF8.GetBytes(text + "\n"));

    /// <summary>Reads a matrix [rows, columns] row by row.</summary>
    public void Matrix(string name, int rows, int columns, RowSink sink)
    {
        (SafetensorsFile file, TensorInfo tensor) = Find(name, [rows, columns]);
        var values = new float[columns];
        for (int row = 0; row < rows; row++)
        {
            ReadRow(file, tensor, row, values);
            sink(row, values);
        }
    }

    /// <summary>Reads a vector [width].</summary>
    public float[] Vector(string name, int width)
    {
        (SafetensorsFile file, TensorInfo tensor) = Find(name, [width]);
        var values = new float[width];
        ReadRow(file, tensor, 0, values);
        return values;
    }

    /// <summary>Refuses tensors nobody has read: they would mean that the model is not what its config says.</summary>
    /// <param name="ignored">Whether a name may be left unread.</param>
    public void CheckAllRead(Func<string, bool> ignored)
    {
        foreach (string name in _folder.Names)
        {
            if (!_read.Contains(name) && !ignored(name))
                throw new ModelFormatException($"{_folder.Folder}: tensor '{name}' has no place in the architecture config.json names.");
        }
    }

    /// <summary>The digest of everything so far: 32 hex digits.</summary>
    public string Finish() => Convert.ToHexStringLower(_digest.GetHashAndReset().AsSpan(0, 16));

    /// <inheritdoc/>
    public void Dispose() => _digest.Dispose();

    private (SafetensorsFile File, TensorInfo Tensor) Find(string name, ReadOnlySpan<long> shape)
    {
        if (!_folder.TryFind(name, out SafetensorsFile file, out TensorInfo tensor))
            throw new ModelFormatException($"{_folder.Folder}: tensor '{name}' is missing.");
        if (!tensor.Shape.AsSpan().SequenceEqual(shape))
            throw new ModelFormatException(
                $"{file.Path}: tensor '{name}' has shape {tensor.ShapeText}, but config.json asks for [{string.Join(", ", shape.ToArray())}].");
        if (tensor.Format == TensorFormat.Other)
            throw new ModelFormatException($"{file.Path}: tensor '{name}' is {tensor.FormatName}; only F32, F16 and BF16 can be read.");
        _read.Add(name);
        Digest(string.Create(CultureInfo.InvariantCulture, $"{name} {tensor.FormatName} {tensor.ShapeText}"));
        return (file, tensor);
    }

    private void ReadRow(SafetensorsFile file, TensorInfo tensor, int row, Span<float> values)
    {
        ReadOnlySpan<byte> bytes = file.Row(tensor, row);
        _digest.AppendData(bytes);
        switch (tensor.Format)
        {
            case TensorFormat.F32:
                // Copied as bytes: nothing promises that a tensor is aligned in its file.
                bytes.CopyTo(MemoryMarshal.AsBytes(values));
                break;
            case TensorFormat.F16:
                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(bytes[(2 * i)..]);
                break;
            default:
                for (int i = 0; i < values.Length; i++)
                    values[i] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes[(2 * i)..]) << 16);
                break;
        }
        foreach (float value in values)
        {
            if (!float.IsFinite(value))
                throw new ModelFormatException($"{file.Path}: tensor '{tensor.Name}', row {row} holds a value that is not finite.");
        }
    }
}
