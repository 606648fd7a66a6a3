using Astraea.Core.Scheduling;

namespace Astraea.Core.Batching;

/// <summary>What steps and copies cost a worker: a first measurement, then learned while serving.</summary>
/// <remarks>
/// A step is taken as prefill rows · p + decode rows · d. After each step the error is shared between p and d by their part in the
/// prediction, with a small weight, so both follow the operating batch (a normalised least-mean-squares update).
/// </remarks>
public sealed class StepCostMeter
{
    private const double Weight = 0.05;
    private const double RatioMost = 4;
    private double _prefill;
    private double _decode;
    private double _swap;
    private double _migrate;
    private CostProfile? _profile;

    /// <summary>Starts from a first measurement.</summary>
    public StepCostMeter(CostProfile first) => Set(first);

    /// <summary>Costs as they are now.</summary>
    public CostProfile Profile => _profile ??= new CostProfile(_prefill, _decode, _swap, _migrate);

    /// <summary>Seconds for a token's KV to cross between device and host (s).</summary>
    public double SwapSecondsPerToken => _swap;

    /// <summary>Marginal seconds of an input token (s).</summary>
    public double PrefillSecondsPerToken => _prefill;

    /// <summary>Starts again from a measurement.</summary>
    public void Set(CostProfile measured)
    {
        (_prefill, _decode, _swap, _migrate) =
            (measured.PrefillSecondsPerToken, measured.DecodeSecondsPerToken, measured.SwapSecondsPerToken, measured.MigrateSecondsPerToken);
        _profile = measured;
    }

    /// <summary>Learns from a step.</summary>
    public void Step(int prefillRows, int decodeRows, double seconds)
    {
        double predicted = prefillRows * _prefill + decodeRows * _decode;
        if (predicted <= 0 || seconds <= 0)
            return;
        double error = Math.Clamp(seconds / predicted, 1 / RatioMost, RatioMost) - 1;
        _prefill *= 1 + Weight * error * (prefillRows * _prefill / predicted);
        _decode *= 1 + Weight * error * (decodeRows * _decode / predicted);
        _profile = null;
    }

    /// <summary>Learns from a finished move to another worker.</summary>
    public void Moved(int tokens, double seconds)
    {
        _migrate += 0.25 * (seconds / Math.Max(1, tokens) - _migrate);
        _profile = null;
    }
}
