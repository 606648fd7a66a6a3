namespace Astraea.Cli.Demo.Replay;

/// <summary>Something fresh that a plan is replayed against. Disposing ends it.</summary>
internal interface IReplayTarget : IAsyncDisposable
{
    /// <summary>Where it listens; any of them will do for any call.</summary>
    IReadOnlyList<Uri> Endpoints { get; }

    /// <summary>Its only API key.</summary>
    string ApiKey { get; }

    /// <summary>Whether all of it is still there.</summary>
    bool IsRunning { get; }

    /// <summary>The last lines it wrote, to explain a failure; empty when there are none.</summary>
    string LastLines();
}

/// <summary>Starts a target and waits until it serves.</summary>
/// <param name="options">How.</param>
/// <param name="cancellation">Gives up.</param>
/// <exception cref="DemoException">It did not start.</exception>
internal delegate Task<IReplayTarget> ReplayTargetStarter(NodeOptions options, CancellationToken cancellation);
