using System.Collections.Immutable;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Hardware;

/// <summary>The profiles that come along. Their figures: ADR-0011.</summary>
public static class HardwareProfiles
{
    private const int BlockTokens = 16;

    /// <summary>One H100 with an 8B model: a pool of 400 K tokens.</summary>
    public static HardwareProfile H100With8B { get; } = Derive("h100-8b", ModelShape.Llama8B, DeviceSheet.H100, 400_000, 200e9, 256, 2_048);

    /// <summary>Four H200 as one worker with a 70B model: 350 GB for KV.</summary>
    public static HardwareProfile H200With70B { get; } = Derive("h200-70b-tp4", ModelShape.Llama70B, DeviceSheet.H200x4, 1_068_000, 1_000e9, 256, 4_096);

    /// <summary>The built-in model on one core, as workers come up by default. Its step costs are of a laptop-class core; a file from a run on your machine is better.</summary>
    public static HardwareProfile CpuMini { get; } = new(
        "cpu-mini", 2 * 4 * 2 * 32 * 4, BlockTokens, 512, 2_048, 8_192, 8, 256,
        new StepCost(5e-5, 5e-5, 8e-5, 1e-7, 1e-7), 4e9 / (2 * 4 * 2 * 32 * 4), 1e8 / (2 * 4 * 2 * 32 * 4));

    /// <summary>All of them, by name.</summary>
    public static ImmutableArray<HardwareProfile> All { get; } = [H100With8B, H200With70B, CpuMini];

    /// <summary>The profile of that name, or null.</summary>
    public static HardwareProfile? Find(string name) => All.FirstOrDefault(p => p.Name == name);

    /// <summary>Works costs out of a data sheet and a model's configuration.</summary>
    /// <remarks>
    /// A step reads all weights once whatever the batch. A prefill row costs its arithmetic. A decode row's arithmetic hides behind the weights until the roofline's
    /// ridge; what a full batch takes beyond it is spread over its rows, so that a full batch costs what the roofline says and a small one hardly more than its reads.
    /// </remarks>
    internal static HardwareProfile Derive(string name, ModelShape model, DeviceSheet device, int poolTokens, double hostBytes, int slots, int stepTokens)
    {
        double read = device.BytesPerSecond * device.ReadShare;
        double weights = model.WeightBytes / read;
        double row = model.FlopsPerRow / (device.FlopsPerSecond * device.ComputeShare);
        double decodeRow = Math.Max(0, row - weights / slots) + device.RowSeconds;
        StepCost cost = new(
            weights + device.StepSeconds, row, decodeRow,
            model.FlopsPerPair / (device.FlopsPerSecond * device.AttentionShare), model.KvBytesPerToken / read);
        return new HardwareProfile(
            name, model.KvBytesPerToken, BlockTokens, poolTokens / BlockTokens, (int)(hostBytes / model.KvBytesPerToken / BlockTokens),
            model.ContextTokensMax, slots, stepTokens, cost,
            device.CopyBytesPerSecond / model.KvBytesPerToken, device.LinkBytesPerSecond / model.KvBytesPerToken);
    }
}
