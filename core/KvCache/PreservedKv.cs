using Astraea.Core.Lifecycle;

namespace Astraea.Core.KvCache;

/// <summary>Which preserved contexts are to be looked at again: those whose time has come and, above the low watermark, those that wait longest.</summary>
/// <remarks>Two orders instead of a scan: a review touches only what it returns. SCHEDULING.md §2: at most 64 decisions for each step.</remarks>
public sealed class PreservedKv
{
    /// <summary>Decisions for each step at most.</summary>
    public const int ReviewsAtMost = 64;

    private readonly Dictionary<RequestId, (Instant Since, Instant ReviewAt)> _entries = [];
    private readonly SortedSet<(Instant At, RequestId Request)> _byReview = new(ByMoment.Instance);
    private readonly SortedSet<(Instant At, RequestId Request)> _bySince = new(ByMoment.Instance);

    /// <summary>Contexts preserved.</summary>
    public int Count => _entries.Count;

    /// <summary>When the next review is due by time alone; null when nothing is preserved.</summary>
    public Instant? NextReview => _byReview.Count == 0 ? null : _byReview.Min.At;

    /// <summary>Remembers a preserve, or sets a new review time for one.</summary>
    public void Set(RequestId request, Instant since, Instant reviewAt)
    {
        Remove(request);
        _entries.Add(request, (since, reviewAt));
        _byReview.Add((reviewAt, request));
        _bySince.Add((since, request));
    }

    /// <summary>Forgets a preserve: it was resumed, or decided otherwise.</summary>
    public void Remove(RequestId request)
    {
        if (!_entries.Remove(request, out (Instant Since, Instant ReviewAt) entry))
            return;
        _byReview.Remove((entry.ReviewAt, request));
        _bySince.Remove((entry.Since, request));
    }

    /// <summary>The preserve to look at next, or null.</summary>
    /// <param name="aboveWatermark">Whether pressure is at or above the low watermark: then the longest wait is next, due or not.</param>
    /// <param name="now">The moment.</param>
    /// <remarks>The longest wait gives way first: tool times are heavy-tailed, so what has waited long will wait longer.</remarks>
    public RequestId? Next(bool aboveWatermark, Instant now)
    {
        if (_entries.Count == 0)
            return null;
        if (aboveWatermark)
            return _bySince.Min.Request;
        return _byReview.Min.At <= now ? _byReview.Min.Request : null;
    }

    private sealed class ByMoment : IComparer<(Instant At, RequestId Request)>
    {
        public static ByMoment Instance { get; } = new();

        public int Compare((Instant At, RequestId Request) x, (Instant At, RequestId Request) y)
        {
            int byTime = x.At.CompareTo(y.At);
            return byTime != 0 ? byTime : x.Request.CompareTo(y.Request);
        }
    }
}
