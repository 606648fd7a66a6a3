using System.Runtime.InteropServices;

namespace Astraea.Worker.Kernels;

/// <summary>Zeroed memory outside the managed heap, aligned to a cache line. Freed on Dispose, or by the finalizer.</summary>
internal sealed unsafe class AlignedMemory : SafeHandle
{
    /// <summary>Alignment (By).</summary>
    public const int Alignment = 64;

    private readonly byte* _start;

    /// <summary>Allocates. Pages are touched only when used: the operating system hands out zero pages lazily.</summary>
    /// <param name="bytes">Size (By), at least 0.</param>
    public AlignedMemory(long bytes) : base(IntPtr.Zero, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        handle = (IntPtr)NativeMemory.AllocZeroed(checked((nuint)bytes + Alignment));
        _start = (byte*)((handle + Alignment - 1) & ~(nint)(Alignment - 1));
    }

    /// <summary>Room for floats.</summary>
    public static AlignedMemory ForFloats(long count) => new(checked(count * sizeof(float)));

    /// <summary>Size (By).</summary>
    public long Bytes { get; }

    /// <summary>First byte.</summary>
    public byte* Start => _start;

    /// <summary>First float.</summary>
    public float* Floats => (float*)_start;

    /// <inheritdoc/>
    public override bool IsInvalid => handle == IntPtr.Zero;

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        NativeMemory.Free((void*)handle);
        return true;
    }
}
