using System.ComponentModel.DataAnnotations;
using Astraea.Worker.Engine;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Options;

/// <summary>How many workers this process runs; each has the settings of <see cref="WorkerOptions"/>, which stand in the same section.</summary>
public sealed class WorkerPoolOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea:Worker";

    /// <summary>Workers in this process (workers). Default 1. They share the weights; each has its own KV memory and engine.</summary>
    [Range(1, 64)] public int Count { get; init; } = 1;
}

[OptionsValidator]
internal sealed partial class WorkerPoolOptionsRanges : IValidateOptions<WorkerPoolOptions>;

[OptionsValidator]
internal sealed partial class WorkerOptionsRanges : IValidateOptions<WorkerOptions>;

/// <summary>What ranges cannot say.</summary>
internal sealed class WorkerOptionsCheck : IValidateOptions<WorkerOptions>
{
    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        string[] problems = [.. options.Problems().Select(p => $"{WorkerPoolOptions.Section}: {p}")];
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }
}
