using System.Collections.Concurrent;
using Astraea.Contracts;
using Astraea.Contracts.Transfer;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Transfer;

/// <summary>Carries out the scheduler's orders to send idle KV elsewhere. The blocks stay here until the target has them.</summary>
internal sealed class KvMover : IDisposable
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(60);
    private const int TellsAtMost = 8;
    private readonly WorkerParts _parts;
    private readonly EngineLoop _engine;
    private readonly WorkerId _worker;
    private readonly KvSender _sender;
    private readonly ConcurrentDictionary<RequestId, CancellationTokenSource> _moving = new();

    public KvMover(WorkerParts parts, EngineLoop engine, WorkerId worker)
    {
        _parts = parts;
        _engine = engine;
        _worker = worker;
        _sender = new KvSender(parts.Peers(), parts.Runner.Kv.BlockTokens, parts.Runner.Kv.BlockBytes, TimeLimit);
    }

    /// <summary>Starts a move, one at a time for each request.</summary>
    /// <returns>Done when the move has ended, one way or the other. Never fails.</returns>
    public Task Start(Migration migration)
    {
        CancellationTokenSource cancel = new();
        if (_moving.TryAdd(migration.Request, cancel))
            return RunAsync(migration, cancel);
        cancel.Dispose();
        return Task.CompletedTask;
    }

    /// <summary>Its tool has returned early: the move ends, and the blocks stay.</summary>
    public void Cancel(RequestId request)
    {
        if (_moving.TryGetValue(request, out CancellationTokenSource? cancel))
            TryCancel(cancel);
    }

    /// <summary>Ends all moves.</summary>
    public void CancelAll()
    {
        foreach (CancellationTokenSource cancel in _moving.Values)
            TryCancel(cancel);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CancelAll();
        _sender.Dispose();
    }

    private async Task RunAsync(Migration migration, CancellationTokenSource cancel)
    {
        string? trouble;
        try
        {
            trouble = await MoveAsync(migration, cancel.Token);
        }
        catch (OperationCanceledException)
        {
            trouble = "it was cancelled: the agent has come back, or the worker drains";
        }
        catch (Exception e)
        {
            trouble = e.Message; // Nothing is lost: the KV is still here, or will be computed again.
        }
        finally
        {
            _moving.TryRemove(migration.Request, out _);
            cancel.Dispose();
        }
        if (trouble is not null)
            WorkerLog.NotMoved(_parts.Log, migration.Request, migration.Target, trouble);
    }

    /// <summary>Moves and reports.</summary>
    /// <returns>Null when moved, else why not.</returns>
    private async Task<string?> MoveAsync(Migration migration, CancellationToken cancellation)
    {
        if (migration.NumericsClass != _parts.Runner.Numerics.ToString() || migration.Place.Worker != _worker)
            return "the order is not for this worker";
        if (!IsLeaveFor(migration))
            return "its ticket is not a good one for this very move";
        if (!BlockKey.TryParse(migration.Place.TipKey, out BlockKey tip))
            return "the order names no block";
        ExportedKv? export = await _engine.AskAsync(core => core.Export(migration.Request, tip));
        if (export is null)
            return "the blocks are not here any more, or the host tier cannot hold them";

        long from = _parts.Time.GetTimestamp();
        string? trouble = "it was interrupted";
        bool waits;
        try
        {
            trouble = await _sender.SendAsync(migration, export.Blocks, cancellation);
        }
        finally
        {
            bool moved = trouble is null;
            waits = await _engine.AskAsync(core => core.EndExport(export, moved));
        }
        if (trouble is not null)
            return trouble;
        double seconds = _parts.Time.GetElapsedTime(from).TotalSeconds;
        int tokens = export.Blocks.Count * _parts.Runner.Kv.BlockTokens;
        _engine.Post(core => core.Costs.Moved(tokens, seconds));
        if (!waits)
            return "the agent has come back meanwhile; both ends have the blocks";
        KvPlace place = new(migration.Target, 0, tokens, migration.Place.TipKey, KvDecision.Swap, $"moved from {_worker}: {migration.Reason}");
        await TellAsync(migration.Request, place);
        WorkerLog.Moved(_parts.Log, migration.Request, migration.Target, tokens, 1000 * seconds);
        return null;
    }

    /// <summary>Nothing leaves on anybody's word: the scheduler's signature must cover whose KV goes, how much of it, from whom and to whom.</summary>
    private bool IsLeaveFor(Migration migration) =>
        _parts.Tickets.TryOpen(migration.Ticket, Instant.From(_parts.Time.GetUtcNow()), out MigrationTicket? ticket)
        && ticket.Request == migration.Request && ticket.Tenant == migration.Tenant && ticket.Source == _worker && ticket.Target == migration.Target
        && ticket.TipKey == migration.Place.TipKey && ticket.NumericsClass == migration.NumericsClass;

    // Without this note the scheduler would look for the blocks here, and the agent would compute them again.
    private async Task TellAsync(RequestId request, KvPlace place)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await _parts.Requests.Get(request).TellAsync(new RequestMessage.MoveKv(place), CancellationToken.None);
                return;
            }
            catch (AgentUnavailableException) when (attempt < TellsAtMost)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50 * attempt), _parts.Time);
            }
        }
    }

    private static void TryCancel(CancellationTokenSource cancel)
    {
        try
        {
            cancel.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }
}
