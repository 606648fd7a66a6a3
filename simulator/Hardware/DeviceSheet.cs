namespace Astraea.Simulator.Hardware;

/// <summary>What data sheets say of the accelerators of one worker, all of them together, and which share of it software gets.</summary>
/// <param name="BytesPerSecond">Memory bandwidth (By/s).</param>
/// <param name="FlopsPerSecond">Dense bf16 (FLOP/s).</param>
/// <param name="CopyBytesPerSecond">To host memory and back, each way, as measured by usual tools (By/s).</param>
/// <param name="LinkBytesPerSecond">To another worker (By/s).</param>
/// <param name="ReadShare">Of the bandwidth, when weights or KV are read.</param>
/// <param name="ComputeShare">Of the arithmetic, in matrix products over many rows.</param>
/// <param name="AttentionShare">Of the arithmetic, in attention over long contexts.</param>
/// <param name="StepSeconds">Launches, sampling and collectives of a step (s).</param>
/// <param name="RowSeconds">Of a decode row beyond arithmetic: its block table, its draw (s).</param>
public sealed record DeviceSheet(
    double BytesPerSecond, double FlopsPerSecond, double CopyBytesPerSecond, double LinkBytesPerSecond,
    double ReadShare, double ComputeShare, double AttentionShare, double StepSeconds, double RowSeconds)
{
    /// <summary>One H100 SXM: 3.35 TB/s, 989 TFLOP/s dense; PCIe 5 ×16 copies at 50 of 64 GB/s; 200 Gb/s of network at 20 of 25 GB/s.</summary>
    public static DeviceSheet H100 { get; } = new(3.35e12, 989e12, 50e9, 20e9, 0.8, 0.5, 0.4, 1e-3, 1e-5);

    /// <summary>Four H200 SXM as one tensor-parallel worker: 4 × 4.8 TB/s; 160 all-reduces of about 15 µs in each step.</summary>
    public static DeviceSheet H200x4 { get; } = new(4 * 4.8e12, 4 * 989e12, 4 * 50e9, 4 * 20e9, 0.75, 0.4, 0.35, 3.4e-3, 1e-5);
}
