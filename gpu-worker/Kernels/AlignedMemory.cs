using System.Runtime.InteropServices;

namespace Astraea.Worker.Kernels;

/// <summary>Zeroed memory outside the managed heap, aligned to a cache line. Freed on Dispose, or by the finalizer.</summary>
/// <remarks>Large pieces are aligned to 2 MiB and, on Linux, asked to lie on pages of that size: a step reads all weights once, and with small pages
/// looks up a page every 4 KiB. A kernel that refuses changes nothing but speed.</remarks>
internal sealed unsafe partial class AlignedMemory : SafeHandle
{
    /// <summary>Alignment (By).</summary>
    public const int Alignment = 64;

    private const long LargePage = 2L << 20;
    private const int AdviseHugePages = 14;

    private readonly byte* _start;

    /// <summary>Allocates. Pages are touched only when used: the operating system hands out zero pages lazily.</summary>
    /// <param name="bytes">Size (By), at least 0.</param>
    public AlignedMemory(long bytes) : base(IntPtr.Zero, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        Bytes = bytes;
        long alignment = bytes >= 2 * LargePage ? LargePage : Alignment;
        handle = (IntPtr)NativeMemory.AllocZeroed(checked((nuint)bytes + (nuint)alignment));
        _start = (byte*)((handle + (nint)alignment - 1) & ~((nint)alignment - 1));
        if (alignment == LargePage && OperatingSystem.IsLinux())
            _ = Advise(_start, (nuint)bytes, AdviseHugePages);
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

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* start, nuint bytes, int advice);
}
