using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Options;

/// <summary>The process as a whole.</summary>
public sealed class NodeOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea";

    /// <summary>Address the gateway listens on (URL). Port 0 takes a free one. Default http://127.0.0.1:8080.</summary>
    [Required, Url] public string Listen { get; init; } = "http://127.0.0.1:8080";

    /// <summary>Where histories, the cluster secret and the built-in model are kept. Default <c>.astraea/data</c> under the current folder.</summary>
    [Required] public string DataDirectory { get; init; } = Path.Combine(".astraea", "data");

    /// <summary>Roles of this process, comma-separated: gateway, control, worker. The local shell runs all three in one process.</summary>
    [Required] public string Roles { get; init; } = "gateway,control,worker";

    /// <summary>Stop in order when standard input ends, for programs that run this one as their child. Default false.</summary>
    public bool StopWithInput { get; init; }
}

/// <summary>What is served.</summary>
public sealed class ModelOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea:Model";

    /// <summary>Hugging Face folder of the model. Empty: the built-in model of random weights.</summary>
    public string Path { get; init; } = "";

    /// <summary>Name clients use. Empty: the folder's name.</summary>
    public string Name { get; init; } = "";
}

/// <summary>How agent requests are ranked.</summary>
public sealed class PolicyOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "Astraea:Scheduler";

    /// <summary>Policy: astraea, astraea-paper or program-fcfs. Default astraea.</summary>
    [Required] public string Policy { get; init; } = "astraea";

    /// <summary>Whether KV of waiting agents is moved to less loaded workers. Default true; all control processes of a cluster have the same.</summary>
    public bool Migrate { get; init; } = true;
}

[OptionsValidator]
internal sealed partial class NodeOptionsRanges : IValidateOptions<NodeOptions>;

[OptionsValidator]
internal sealed partial class PolicyOptionsRanges : IValidateOptions<PolicyOptions>;
