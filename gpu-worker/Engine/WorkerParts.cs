using Astraea.Contracts;
using Astraea.Contracts.Text;
using Astraea.Contracts.Transfer;
using Astraea.Core.Scheduling;
using Microsoft.Extensions.Logging;

namespace Astraea.Worker.Engine;

/// <summary>What a worker needs from its host.</summary>
public sealed class WorkerParts
{
    /// <summary>Settings, validated.</summary>
    public required WorkerOptions Options { get; init; }

    /// <summary>The model, with its device memory. Owned by the host, used by the worker's engine alone.</summary>
    public required IModelRunner Runner { get; init; }

    /// <summary>Draws tokens; used by the engine's thread alone.</summary>
    public ISampler Sampler { get; init; } = new Kernels.Sampler();

    /// <summary>The pool's policy: the worker ranks as its scheduler does.</summary>
    public required ISchedulingPolicy Policy { get; init; }

    /// <summary>Text, calls and end tokens of the model.</summary>
    public required IModelText Text { get; init; }

    /// <summary>Forms of output.</summary>
    public required IConstraintFactory Constraints { get; init; }

    /// <summary>Agent requests.</summary>
    public required IAgentRequests Requests { get; init; }

    /// <summary>The pool's scheduler.</summary>
    public required IClusterScheduler Scheduler { get; init; }

    /// <summary>The cluster's secret (at least 16 bytes): salts KV keys.</summary>
    public required ReadOnlyMemory<byte> Secret { get; init; }

    /// <summary>Checks migration tickets.</summary>
    public required TicketSigner Tickets { get; init; }

    /// <summary>Base address other workers send KV to, such as <c>https://127.0.0.1:9443</c>; empty while there is none.</summary>
    public Func<string> DataPlane { get; init; } = static () => string.Empty;

    /// <summary>Makes connections to other workers: HTTP/2 over mutual TLS. The worker owns what it gets.</summary>
    public required Func<HttpMessageHandler> Peers { get; init; }

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Log.</summary>
    public required ILogger Log { get; init; }
}
