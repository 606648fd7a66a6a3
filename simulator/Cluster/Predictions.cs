using Astraea.Core.Determinism;
using Astraea.Core.Lifecycle;
using Astraea.Core.Prediction;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Cluster;

/// <summary>What the scheduler of a run believes.</summary>
internal static class Predictions
{
    /// <summary>The predictor a scenario asks for.</summary>
    public static IPredictor Of(Scenario scenario, IKnownFuture future)
    {
        Predictors learned = scenario.Trained?.Copy() ?? new Predictors();
        IPredictor predictor = scenario.Foresight switch
        {
            Foresight.Segment => new SegmentOracle(future, learned),
            Foresight.Clairvoyant => new Clairvoyant(future, learned),
            _ => learned,
        };
        if (scenario.PredictionNoise <= 0)
            return predictor;
        ulong seed = new SeedTree(scenario.Seed).Child("noise").Seed;
        return new DistortedPredictor(predictor, request => Factor(request, scenario.PredictionNoise, seed));
    }

    /// <summary>Lognormal, the same for all that is asked of one request (Box and Muller 1958).</summary>
    private static double Factor(RequestId request, double sigma, ulong seed)
    {
        SeededGenerator draws = new(StableHash.Join(seed, StableHash.Of(request.Value)));
        double radius = Math.Sqrt(-2 * Math.Log(1 - draws.NextDouble()));
        return Math.Exp(sigma * radius * Math.Cos(2 * Math.PI * draws.NextDouble()));
    }
}

/// <summary>How the live requests of a run go on.</summary>
internal sealed class SessionFutures(Dictionary<RequestId, SessionRun> live) : IKnownFuture
{
    public KnownSegment? Segment(RequestId request, int ordinal)
    {
        if (!live.TryGetValue(request, out SessionRun? session))
            return null;
        var segments = session.Session.Jobs[session.Job].Segments;
        long input = 0, output = 0;
        for (int i = ordinal + 1; i < segments.Length; i++)
        {
            input += Math.Max(1, segments[i].New);
            output += segments[i].Output;
        }
        return new KnownSegment(segments[ordinal].Output, segments[ordinal].ToolSeconds, input, output);
    }
}
