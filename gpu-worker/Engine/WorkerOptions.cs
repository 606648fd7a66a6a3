using System.ComponentModel.DataAnnotations;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>Settings of one worker. A plain class: the silo binds and validates it.</summary>
public sealed class WorkerOptions
{
    /// <summary>Name of the worker, unique in its cluster.</summary>
    [Required, StringLength(64, MinimumLength = 1)]
    public string Name { get; set; } = "worker-0";

    /// <summary>KV blocks of the device (blocks of 16 tokens). Default 512.</summary>
    [Range(2, 1 << 24)]
    public int DeviceBlocks { get; set; } = 512;

    /// <summary>KV blocks of the host tier (blocks). Default 2048; 0 switches the tier off, and with it swapping and migration.</summary>
    [Range(0, 1 << 24)]
    public int HostBlocks { get; set; } = 2048;

    /// <summary>Sequences in the batch at most (sequences). Default 8.</summary>
    [Range(1, 4096)]
    public int Slots { get; set; } = 8;

    /// <summary>Rows of one step at most (tokens). Default 256.</summary>
    [Range(1, 1 << 20)]
    public int StepTokens { get; set; } = 256;

    /// <summary>Threads of the model runner (threads). Default 0: as many as the machine has, less one for the rest.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>How the matrices of the model are kept: F32, Bf16, W8, W8G128 or Q4. Default F32. The smaller, the faster and the coarser.</summary>
    [EnumDataType(typeof(WeightFormat))]
    public WeightFormat Weights { get; set; }

    /// <summary>How keys and values are kept: F32 or Bf16. Default F32.</summary>
    [EnumDataType(typeof(KvFormat))]
    public KvFormat Kv { get; set; }

    /// <summary>Output tokens of a segment that may wait for durability before it pauses (tokens). Default 256.</summary>
    [Range(1, 1 << 16)]
    public int UnreportedTokens { get; set; } = 256;

    /// <summary>Pressure below which KV is preserved during a tool call (share of the device pool). Default 0.6.</summary>
    [Range(0.0, 1.0)]
    public double PressureLow { get; set; } = 0.6;

    /// <summary>Pressure from which KV is critical (share of the device pool). Default 0.9.</summary>
    [Range(0.0, 1.0)]
    public double PressureHigh { get; set; } = 0.9;

    /// <summary>At critical pressure discard whatever room the host tier has (the paper, read literally). Default false.</summary>
    public bool DiscardIgnoresHost { get; set; }

    /// <summary>Longest preserve for a tool that does not return (s). Default 300.</summary>
    [Range(0.0, 86400.0)]
    public double PreserveSeconds { get; set; } = 300;

    /// <summary>How long a drain may take before what is left is cut off (s). Default 10.</summary>
    [Range(0.0, 3600.0)]
    public double DrainSeconds { get; set; } = 10;

    /// <summary>The same settings for a worker of another name.</summary>
    public WorkerOptions Named(string name)
    {
        var copy = (WorkerOptions)MemberwiseClone();
        copy.Name = name;
        return copy;
    }

    /// <summary>What attributes cannot say; empty when all is well.</summary>
    public IEnumerable<string> Problems()
    {
        if (PressureLow > PressureHigh)
            yield return $"{nameof(PressureLow)} ({PressureLow}) must not be above {nameof(PressureHigh)} ({PressureHigh}).";
        if (StepTokens < Slots)
            yield return $"{nameof(StepTokens)} ({StepTokens}) must be at least {nameof(Slots)} ({Slots}), or a full batch cannot decode in one step.";
    }
}
