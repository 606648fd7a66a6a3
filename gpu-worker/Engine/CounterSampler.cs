using System.Numerics;
using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Engine;

/// <summary>Draws tokens with a counter-based generator keyed by (seed, segment, index): the same draw after any interruption, on any worker.</summary>
/// <remarks>
/// Penalties, then temperature, then top-k, then top-p (Holtzman et al. 2020 §3.1), then one draw. Greedy at temperature 0. Equal
/// logits are ordered by token id. Generator: the finaliser of SplitMix64 (Steele et al. 2014, fig. 15) over the key's words.
/// One instance serves one thread.
/// </remarks>
public sealed class CounterSampler : ISampler
{
    private float[] _weights = [];
    private int[] _ids = [];
    private ulong[] _keys = [];
    private readonly Dictionary<int, int> _counts = [];

    /// <inheritdoc/>
    public int Sample(Span<float> logits, Sampling sampling, int segment, int index, ReadOnlySpan<int> output)
    {
        Penalise(logits, sampling, output);
        return sampling.Temperature <= 0 ? ArgMax(logits) : Draw(logits, sampling, Uniform(sampling.Seed, segment, index));
    }

    private void Penalise(Span<float> logits, Sampling sampling, ReadOnlySpan<int> output)
    {
        if (sampling.FrequencyPenalty == 0 && sampling.PresencePenalty == 0)
            return;
        _counts.Clear();
        foreach (int token in output)
            _counts[token] = _counts.GetValueOrDefault(token) + 1;
        foreach ((int token, int count) in _counts)
            logits[token] -= (float)(sampling.FrequencyPenalty * count + sampling.PresencePenalty);
    }

    private static int ArgMax(ReadOnlySpan<float> logits)
    {
        int best = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
                best = i;
        }
        return best;
    }

    private int Draw(ReadOnlySpan<float> logits, Sampling sampling, double uniform)
    {
        int count = Candidates(logits, sampling);
        double total = 0;
        for (int i = 0; i < count; i++)
            total += _weights[i];
        double target = uniform * total;
        for (int i = 0; i < count; i++)
        {
            target -= _weights[i];
            if (target < 0)
                return _ids[i];
        }
        return _ids[LastPositive(count)]; // Rounding left a remainder.
    }

    /// <summary>Fills ids and weights of what may be drawn; in token order, or by weight when something is cut off.</summary>
    private int Candidates(ReadOnlySpan<float> logits, Sampling sampling)
    {
        if (_weights.Length < logits.Length)
        {
            _weights = new float[logits.Length];
            _ids = new int[logits.Length];
            _keys = new ulong[logits.Length];
        }
        float best = logits[ArgMax(logits)];
        bool cutsMass = sampling.TopP < 1, cutsCount = sampling.TopK > 0 && sampling.TopK < logits.Length;
        double total = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            _weights[i] = float.IsNegativeInfinity(logits[i]) ? 0 : (float)Math.Exp((logits[i] - best) / sampling.Temperature);
            _ids[i] = i;
            total += _weights[i];
        }
        if (!cutsMass && !cutsCount)
            return logits.Length;

        // With top-p alone, tokens lighter than the cut mass spread evenly cannot be in the nucleus: few are left to sort.
        double floor = cutsCount ? 0 : (1 - sampling.TopP) * total / logits.Length;
        int count = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (_weights[i] <= 0 || _weights[i] < floor)
                continue;
            _keys[count++] = SortKey(logits[i], i);
        }
        Array.Sort(_keys, 0, count);
        for (int i = 0; i < count; i++)
        {
            _ids[i] = (int)(uint)_keys[i];
            _weights[i] = (float)Math.Exp((logits[_ids[i]] - best) / sampling.Temperature);
        }
        if (cutsCount)
            count = Math.Min(count, sampling.TopK);
        return cutsMass ? Nucleus(count, sampling.TopP) : count;
    }

    private int Nucleus(int count, double topP)
    {
        double kept = 0;
        for (int i = 0; i < count; i++)
            kept += _weights[i];
        double target = kept * topP, mass = 0;
        for (int i = 0; i < count; i++)
        {
            mass += _weights[i];
            if (mass >= target)
                return i + 1;
        }
        return count;
    }

    private int LastPositive(int count)
    {
        int last = count - 1;
        while (last > 0 && _weights[last] <= 0)
            last--;
        return last;
    }

    // Sorts as one number: the logit's bits, turned so that larger comes first, above the token id.
    private static ulong SortKey(float logit, int id)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit);
        uint ascending = (bits & 0x8000_0000) != 0 ? ~bits : bits | 0x8000_0000;
        return ((ulong)~ascending << 32) | (uint)id;
    }

    private static double Uniform(ulong seed, int segment, int index)
    {
        ulong bits = Mix(Mix(Mix(seed) ^ (uint)segment) ^ (uint)index);
        return (bits >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return BitOperations.RotateLeft(z ^ (z >> 31), 17);
    }
}
