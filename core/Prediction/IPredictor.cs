using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Core.Prediction;

/// <summary>What a scheduler believes of a request's future. Learned online by default; bounds know it, and a test of robustness distorts it.</summary>
public interface IPredictor
{
    /// <summary>What is learned online, whoever is believed: pictures of requests feed it.</summary>
    Predictors Learned { get; }

    /// <summary>Expected output of the current segment, what it has generated so far included (tokens). At least one more than that.</summary>
    double OutputTotal(RequestStatus status);

    /// <summary>Expected work of the request after a segment of it (device seconds).</summary>
    /// <param name="status">The request.</param>
    /// <param name="ordinal">The segment.</param>
    /// <param name="costs">What tokens cost where it will run.</param>
    double WorkAfter(RequestStatus status, int ordinal, CostProfile costs);

    /// <summary>Expected time of the tool after the current segment; less, the likelier that none follows (s).</summary>
    double ToolAfter(RequestStatus status);

    /// <summary>Chance that the tool a request waits for works for more than <paramref name="further"/> seconds from now, after <paramref name="elapsed"/>.</summary>
    double ToolWorksOn(RequestStatus status, double elapsed, double further);
}
