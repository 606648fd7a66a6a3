using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Silo.Options;
using Astraea.Silo.Security;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Transformer;
using Microsoft.Extensions.Options;

namespace Astraea.Silo.Composition;

/// <summary>Runs the workers of this process and the data plane between them.</summary>
internal sealed class WorkerHost(
    NodeSettings settings,
    ServedModel model,
    IOptions<WorkerPoolOptions> pool,
    IOptions<WorkerOptions> options,
    ISchedulingPolicy policy,
    IAgentRequests requests,
    IClusterScheduler scheduler,
    TicketSigner tickets,
    ClusterTrust trust,
    IOptions<DataPlaneOptions> dataPlane,
    ILoggerFactory logs) : IHostedService, IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<WorkerId, WorkerService> _workers = [];
    private readonly List<CpuModelRunner> _runners = [];
    private readonly ILogger _transferLog = logs.CreateLogger("Astraea.DataPlane");
    private DataPlane? _dataPlane;
    private Task _work = Task.CompletedTask;
    private int _disposed;

    /// <summary>The workers, once they have begun.</summary>
    public IReadOnlyCollection<WorkerService> Workers => _workers.Values;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (!DataPlaneAddress.TryRead(dataPlane.Value, out DataPlaneAddress? address, out string? problem))
            throw new NodeConfigurationException(problem);
        _dataPlane = await DataPlane.StartAsync(address, trust.Tls, _workers.GetValueOrDefault, _transferLog, cancellationToken);
        int threads = options.Value.Threads > 0 ? options.Value.Threads : Math.Max(1, Environment.ProcessorCount / pool.Value.Count);
        for (int i = 0; i < pool.Value.Count; i++)
        {
            WorkerService worker = Create(settings.WorkerName(i), threads);
            _workers.Add(worker.Id, worker);
        }
        _work = Task.WhenAll(_workers.Values.Select(w => w.RunAsync(_stop.Token)));
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _work.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // The container meets this object twice: as itself and as a hosted service.
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        foreach (WorkerService worker in _workers.Values)
            await worker.DisposeAsync();
        foreach (CpuModelRunner runner in _runners)
            runner.Dispose();
        if (_dataPlane is not null)
            await _dataPlane.DisposeAsync();
        _stop.Dispose();
    }

    private WorkerService Create(string name, int threads)
    {
        WorkerOptions own = options.Value.Named(name);
        CpuModelRunner runner = new(model.Weights, own.DeviceBlocks, threads, kvFormat: own.Kv);
        _runners.Add(runner);
        return new WorkerService(new WorkerParts
        {
            Options = own,
            Runner = runner,
            Policy = policy,
            Text = model.Text,
            Constraints = model.Text,
            Requests = requests,
            Scheduler = scheduler,
            Secret = trust.Secret,
            Tickets = tickets,
            DataPlane = () => _dataPlane!.Address,
            Peers = () => trust.Tls.Calling(reason => DataPlaneLog.TargetRefused(_transferLog, reason)),
            Log = logs.CreateLogger("Astraea.Worker"),
        });
    }
}
