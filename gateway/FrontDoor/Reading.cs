using System.Collections.Immutable;
using Astraea.Contracts;
using Astraea.Contracts.FrontDoor;
using Astraea.Contracts.Text;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Streaming;

namespace Astraea.Gateway.FrontDoor;

/// <summary>An exchange folded as far as its history was read, and the updates that nobody has taken yet. Used by one call at a time.</summary>
internal sealed class Reading(ExchangeId exchange, IModelText text)
{
    private readonly ExchangeFold _fold = new(exchange.Request, exchange.Ordinal, 0, text);
    private readonly UpdateProjection _projection = new();
    private readonly Queue<FrontDoorUpdate> _untaken = new();
    private readonly List<ExchangeStep> _steps = [];
    private readonly List<FrontDoorUpdate> _updates = [];

    /// <summary>Version of the last event folded.</summary>
    public long Version { get; private set; }

    /// <summary>Whether the exchange is in the history, and may be read by its id.</summary>
    public bool IsThere { get; private set; }

    /// <summary>Whether nothing can be waited for: updates are there to be taken, or the exchange has ended.</summary>
    public bool IsDue => _untaken.Count > 0 || _fold.HasEnded;

    /// <summary>Whether the exchange has ended and every update was taken.</summary>
    public bool IsOver => _untaken.Count == 0 && _fold.HasEnded;

    /// <summary>Takes in what the history holds behind <see cref="Version"/>.</summary>
    public void Fold(HistoryPage page)
    {
        foreach (RecordedEvent recorded in page.Events)
        {
            _fold.Apply(recorded.Event, _steps);
            Version = recorded.Version;
        }
        foreach (ExchangeStep step in _steps)
        {
            IsThere |= step is ExchangeStep.Accepted { Stored.Echo.Store: true };
            _projection.Apply(step, _updates);
        }
        foreach (FrontDoorUpdate update in _updates)
            _untaken.Enqueue(update);
        _steps.Clear();
        _updates.Clear();
    }

    /// <summary>Drops what the reader has.</summary>
    public void Skip(long after)
    {
        while (_untaken.TryPeek(out FrontDoorUpdate? update) && update.Position <= after)
            _untaken.Dequeue();
    }

    /// <summary>The next updates, in order.</summary>
    public ImmutableArray<FrontDoorUpdate> Take(int max)
    {
        ImmutableArray<FrontDoorUpdate>.Builder taken = ImmutableArray.CreateBuilder<FrontDoorUpdate>(Math.Min(max, _untaken.Count));
        while (taken.Count < max && _untaken.TryDequeue(out FrontDoorUpdate? update))
            taken.Add(update);
        return taken.DrainToImmutable();
    }
}
