using System.Runtime.CompilerServices;
using Astraea.Contracts;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Draining;
using Astraea.Gateway.Streaming;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Exchanges;

/// <summary>Reads an exchange as its history grows: live, from the start, or long after its end, all the same way.</summary>
internal sealed partial class ExchangeReader(
    AgentCalls calls, IModelText text, GatewayDrain drain, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ExchangeReader> log)
{
    /// <summary>What a page may take beyond its own waiting time before the reader is told that we are still there.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly Dictionary<RequestId, int> _attached = [];

    /// <summary>
    /// Yields what becomes visible, page by page, until the exchange has ended; an empty page means that nothing happened for a while, or that the request
    /// cannot be reached and we go on trying.
    /// </summary>
    /// <exception cref="ApiException">The outage lasted too long, or this gateway leaves; either way the request goes on.</exception>
    public async IAsyncEnumerable<IReadOnlyList<ExchangeStep>> ReadAsync(AcceptedExchange exchange, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ExchangeFold fold = new(exchange.Id.Request, exchange.Id.Ordinal, exchange.CallsBefore, text);
        long cursor = exchange.After;
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation, drain.Deadline);
        while (!fold.HasEnded)
        {
            Task<HistoryPage> next = calls.FollowAsync(exchange.Id.Request, cursor, stop.Token);
            HistoryPage? come;
            while ((come = await AwaitAsync(next, stop.Token, cancellation)) is null)
                yield return [];
            HistoryPage page = come;
            List<ExchangeStep> steps = [];
            foreach (RecordedEvent recorded in page.Events)
            {
                fold.Apply(recorded.Event, steps);
                cursor = recorded.Version;
            }
            if (!fold.HasEnded && cursor >= page.Version && page.Phase is RequestPhase.Completed or RequestPhase.Failed or RequestPhase.Cancelled)
                throw new InvalidOperationException($"History {exchange.Id.Request} ended, but exchange {exchange.Id.Ordinal} did not.");
            yield return steps;
        }
    }

    /// <summary>Reads several exchanges at once; says of each page which one it is of.</summary>
    public async IAsyncEnumerable<(int Index, IReadOnlyList<ExchangeStep> Steps)> ReadAllAsync(
        IReadOnlyList<AcceptedExchange> exchanges, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<IAsyncEnumerator<IReadOnlyList<ExchangeStep>>> open = [.. exchanges.Select(exchange => ReadAsync(exchange, stop.Token).GetAsyncEnumerator(stop.Token))];
        Task<bool>?[] next = [.. open.Select(pages => pages.MoveNextAsync().AsTask())];
        try
        {
            while (next.Any(task => task is not null))
            {
                Task<bool> come = await Task.WhenAny(next.OfType<Task<bool>>());
                int index = Array.IndexOf(next, come);
                bool more = await come;
                if (more)
                    yield return (index, open[index].Current);
                next[index] = more ? open[index].MoveNextAsync().AsTask() : null;
            }
        }
        finally
        {
            // A reader can be closed only when it does not wait.
            await stop.CancelAsync();
            await Task.WhenAll(next.OfType<Task>()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (IAsyncEnumerator<IReadOnlyList<ExchangeStep>> pages in open)
                await pages.DisposeAsync();
        }
    }

    /// <summary>The page once it has come; null when it has not for a while.</summary>
    private async Task<HistoryPage?> AwaitAsync(Task<HistoryPage> next, CancellationToken stop, CancellationToken gone)
    {
        try
        {
            return await next.WaitAsync(TimeSpan.FromSeconds(options.Value.ReadWaitSeconds) + Slack, time, stop);
        }
        catch (TimeoutException) when (!next.IsCompleted)
        {
            return null;
        }
        catch (OperationCanceledException) when (!gone.IsCancellationRequested && drain.Deadline.IsCancellationRequested)
        {
            throw ApiError.Draining("This node is shutting down; the request goes on, and another node has the rest of it.").Raise();
        }
    }

    /// <summary>What is visible of an exchange in a history that was read already.</summary>
    public IReadOnlyList<ExchangeStep> Project(RequestHistory history, int ordinal)
    {
        ExchangeFold fold = new(history.Id, ordinal, 0, text);
        List<ExchangeStep> steps = [];
        foreach (RecordedEvent recorded in history.Events)
            fold.Apply(recorded.Event, steps);
        return steps;
    }

    /// <summary>Counts a client in for as long as it waits on the line.</summary>
    public void Attach(RequestId id)
    {
        lock (_lock)
            _attached[id] = _attached.GetValueOrDefault(id) + 1;
    }

    /// <summary>Counts a client out. When the last one left before the end, the work is for nobody: the request is cancelled.</summary>
    public async Task DetachAsync(AcceptedExchange exchange, bool cancelIfOpen)
    {
        RequestId id = exchange.Id.Request;
        bool last;
        lock (_lock)
        {
            int left = _attached.GetValueOrDefault(id) - 1;
            last = left <= 0;
            if (last)
                _attached.Remove(id);
            else
                _attached[id] = left;
        }
        // Once this process leaves, so do its clients, and come back through another one. Those who really went are missed by the request itself.
        if (!cancelIfOpen || !last || drain.HasBegun)
            return;
        try
        {
            if (await IsOpenAsync(exchange))
                await calls.CancelAsync(id, "client disconnected");
        }
        catch (ApiException e)
        {
            // Unreachable now: the request itself notices that nobody reads it.
            Log.CancelFailed(log, e, id);
        }
    }

    /// <summary>The exchange may have ended while its client left; a request that waits for its tools must not be cancelled for that.</summary>
    private async Task<bool> IsOpenAsync(AcceptedExchange exchange)
    {
        ExchangeFold fold = new(exchange.Id.Request, exchange.Id.Ordinal, exchange.CallsBefore, text);
        long cursor = exchange.After;
        List<ExchangeStep> steps = [];
        while (!fold.HasEnded)
        {
            HistoryPage page = await calls.LookAsync(exchange.Id.Request, cursor, AgentCalls.PageEventsMax, CancellationToken.None);
            if (page.Events.IsEmpty)
                return true;
            foreach (RecordedEvent recorded in page.Events)
                fold.Apply(recorded.Event, steps);
            cursor = page.Events[^1].Version;
        }
        return false;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1501, Level = LogLevel.Warning, Message = "Request {RequestId} lost its client and could not be cancelled")]
        public static partial void CancelFailed(ILogger log, Exception exception, RequestId requestId);
    }
}
