using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;

namespace Astraea.Worker.Kernels;

/// <summary>
/// Draws tokens: penalties, then the largest logit at temperature 0, else softmax at the temperature over the top-k tokens and of these the top-p
/// nucleus. Ties go to the lower id.
/// </summary>
/// <remarks>
/// Holds no state: buffers belong to the thread. The same logits and arguments give the same token on every machine: exponentials are our own,
/// sums run in a fixed order, the random number is Philox of (seed; segment, index, draw). Nucleus: Holtzman et al. 2020, §3.1.
/// </remarks>
public sealed class Sampler : ISampler
{
    // The one random number a token takes; a further draw for the same token would count up.
    private const uint Draw = 0;

    [ThreadStatic]
    private static Candidates? _candidates;

    [ThreadStatic]
    private static int[]? _counts;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">No token may be drawn, a logit is NaN or +∞, or a setting is out of its range.</exception>
    public int Sample(Span<float> logits, Sampling sampling, int segment, int index, ReadOnlySpan<int> output)
    {
        ArgumentNullException.ThrowIfNull(sampling);
        ArgumentOutOfRangeException.ThrowIfNegative(segment);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        Check(sampling);
        if (sampling.FrequencyPenalty != 0 || sampling.PresencePenalty != 0)
            Penalize(logits, sampling, output);

        int best = Argmax(logits);
        if (sampling.Temperature == 0 || sampling.TopK == 1)
            return best;
        Candidates candidates = _candidates ??= new Candidates();
        candidates.Fill(logits, sampling.TopK);
        candidates.Weigh(logits[best], sampling.Temperature);
        candidates.KeepNucleus(sampling.TopP, logits.Length);
        return candidates.Pick(Philox.Uniform(sampling.Seed, (uint)segment, (uint)index, Draw));
    }

    /// <summary>The token with the largest logit; the lowest id among equals.</summary>
    /// <exception cref="ArgumentException">All are −∞, or one is NaN or +∞.</exception>
    internal static int Argmax(ReadOnlySpan<float> logits)
    {
        int best = -1;
        float largest = float.NegativeInfinity;
        for (int i = 0; i < logits.Length; i++)
        {
            if (float.IsNaN(logits[i]) || float.IsPositiveInfinity(logits[i]))
                throw new ArgumentException($"The logit of token {i} is {logits[i]}.", nameof(logits));
            if (logits[i] > largest)
                (best, largest) = (i, logits[i]);
        }
        return best >= 0 ? best : throw new ArgumentException("No token may be drawn: all logits are −∞.", nameof(logits));
    }

    private static void Check(Sampling sampling)
    {
        if (!(sampling.Temperature >= 0 && double.IsFinite(sampling.Temperature)))
            throw Bad("temperature", sampling.Temperature, "a number from 0");
        if (!(sampling.TopP >= 0 && sampling.TopP <= 1))
            throw Bad("top-p", sampling.TopP, "from 0 to 1");
        if (sampling.TopK < 0)
            throw Bad("top-k", sampling.TopK, "0 (off) or more");
        if (!double.IsFinite(sampling.FrequencyPenalty) || !double.IsFinite(sampling.PresencePenalty))
            throw Bad("penalty", sampling.FrequencyPenalty + sampling.PresencePenalty, "finite");

        static ArgumentException Bad(string name, double value, string range) =>
            new($"The {name} is {value}; it must be {range}.", nameof(sampling));
    }

    /// <summary>OpenAI's penalties: logit −= count · frequency + presence, for each token that has come before.</summary>
    private static void Penalize(Span<float> logits, Sampling sampling, ReadOnlySpan<int> output)
    {
        if (_counts is null || _counts.Length < logits.Length)
            _counts = new int[logits.Length];
        foreach (int token in output)
        {
            if ((uint)token < (uint)logits.Length)
                _counts[token]++;
        }
        foreach (int token in output)
        {
            // Counted once, at its first occurrence; then the count is back at zero for the next call.
            if ((uint)token >= (uint)logits.Length || _counts[token] == 0)
                continue;
            logits[token] = (float)(logits[token] - (_counts[token] * sampling.FrequencyPenalty + sampling.PresencePenalty));
            _counts[token] = 0;
        }
    }
}
