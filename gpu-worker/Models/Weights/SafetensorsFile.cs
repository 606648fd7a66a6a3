using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;

namespace Astraea.Worker.Models.Weights;

/// <summary>A memory-mapped safetensors file. Header and ranges are checked when it is opened.</summary>
public sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly MemoryMappedFile _mapping;
    private readonly MemoryMappedViewAccessor _view;
    private readonly Dictionary<string, TensorInfo> _tensors;
    private readonly byte* _data;

    private SafetensorsFile(string path, MemoryMappedFile mapping, MemoryMappedViewAccessor view, byte* data, Dictionary<string, TensorInfo> tensors)
    {
        Path = path;
        _mapping = mapping;
        _view = view;
        _data = data;
        _tensors = tensors;
    }

    /// <summary>Path, for messages.</summary>
    public string Path { get; }

    /// <summary>Tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors => _tensors;

    /// <summary>Opens a file.</summary>
    /// <exception cref="ModelFormatException">It is missing, cut short, or its header is wrong.</exception>
    public static SafetensorsFile Open(string path)
    {
        MemoryMappedFile? mapping = null;
        MemoryMappedViewAccessor? view = null;
        try
        {
            long bytes = new FileInfo(path).Length;
            if (bytes < SafetensorsHeader.LengthBytes)
                throw new ModelFormatException($"{path}: has {bytes} bytes, too few for a safetensors file.");
            mapping = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
            view = mapping.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);
            SafetensorsFile file = Map(path, mapping, view, bytes);
            (mapping, view) = (null, null);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException($"{path}: cannot be read: {e.Message}", e);
        }
        finally
        {
            view?.Dispose();
            mapping?.Dispose();
        }
    }

    /// <summary>Bytes of one row: the tensor cut along its first dimension (a tensor of one dimension is one row).</summary>
    /// <remarks>By rows, because a whole tensor may be longer than a span.</remarks>
    public ReadOnlySpan<byte> Row(TensorInfo tensor, long row)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ObjectDisposedException.ThrowIf(_view.SafeMemoryMappedViewHandle.IsClosed, this);
        if (!_tensors.TryGetValue(tensor.Name, out TensorInfo? known) || known != tensor)
            throw new ArgumentException($"Tensor '{tensor.Name}' is not of {Path}.", nameof(tensor));
        long rows = tensor.Shape.Length > 1 ? tensor.Shape[0] : 1;
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, rows);
        long bytes = (tensor.End - tensor.Begin) / rows;
        return new ReadOnlySpan<byte>(_data + tensor.Begin + row * bytes, checked((int)bytes));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_view.SafeMemoryMappedViewHandle.IsClosed)
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _mapping.Dispose();
    }

    private static SafetensorsFile Map(string path, MemoryMappedFile mapping, MemoryMappedViewAccessor view, long fileBytes)
    {
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        try
        {
            start += view.PointerOffset;
            ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(new ReadOnlySpan<byte>(start, SafetensorsHeader.LengthBytes));
            if (headerBytes > SafetensorsHeader.HeaderBytesMax || (long)headerBytes > fileBytes - SafetensorsHeader.LengthBytes)
                throw new ModelFormatException(
                    $"{path}: the header length is {headerBytes} bytes, but the file has {fileBytes} and a header at most {SafetensorsHeader.HeaderBytesMax}.");
            byte* header = start + SafetensorsHeader.LengthBytes;
            Dictionary<string, TensorInfo> tensors = SafetensorsHeader.Read(
                new ReadOnlySpan<byte>(header, (int)headerBytes), fileBytes - SafetensorsHeader.LengthBytes - (long)headerBytes, path);
            return new SafetensorsFile(path, mapping, view, header + headerBytes, tensors);
        }
        catch
        {
            view.SafeMemoryMappedViewHandle.ReleasePointer();
            throw;
        }
    }
}
