using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;

namespace Astraea.Gateway.FrontDoor;

/// <summary>Where a reader stands in an exchange.</summary>
/// <param name="Tenant">For whom it was found.</param>
/// <param name="Exchange">What is read.</param>
/// <param name="After">Position of the last update the reader has.</param>
internal readonly record struct ReadingPlace(TenantId Tenant, ExchangeId Exchange, long After);

/// <summary>
/// Keeps folds between two reads of the same reader, so that following an exchange costs what is new and not the whole of it. Only a shortcut: what is not
/// found here is folded anew from the history.
/// </summary>
/// <param name="capacity">Readings kept at most; the one that was parked first goes first.</param>
internal sealed class ParkedReadings(int capacity)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ReadingPlace, LinkedListNode<(ReadingPlace Place, Reading Reading)>> _places = [];
    private readonly LinkedList<(ReadingPlace Place, Reading Reading)> _byAge = new();

    /// <summary>Takes the reading that stands there, if one is parked; nobody else gets it until it is parked again.</summary>
    public Reading? TryTake(ReadingPlace place)
    {
        lock (_lock)
        {
            if (!_places.Remove(place, out var node))
                return null;
            _byAge.Remove(node);
            return node.Value.Reading;
        }
    }

    /// <summary>Parks a reading; of two at the same place one is enough.</summary>
    public void Park(ReadingPlace place, Reading reading)
    {
        lock (_lock)
        {
            if (_places.ContainsKey(place))
                return;
            _places[place] = _byAge.AddLast((place, reading));
            if (_places.Count <= capacity)
                return;
            _places.Remove(_byAge.First!.Value.Place);
            _byAge.RemoveFirst();
        }
    }
}
