using System.Runtime.Intrinsics;
using Astraea.Worker.Models.Weights;

namespace Astraea.Worker.Kernels;

/// <summary>Rotary position embedding over halves: lane i turns with lane i + headDim/2 by position · frequency[i].</summary>
/// <remarks>Su et al. 2021, §3.2; the pairing of halves is that of Hugging Face checkpoints. Both twins give the same bits.</remarks>
internal static class RotaryEmbedding
{
    // π/2 in two parts; the first has 33 bits, so its product with a quarter-turn count below 2^20 is exact.
    private const double HalfPiHigh = 1.57079632673412561417;
    private const double HalfPiLow = 6.07710050650619224932e-11;

    /// <summary>Frequencies of a model: theta^(−2i/headDim), stretched as its scaling says.</summary>
    /// <returns>[headDim / 2] radians per token.</returns>
    public static double[] Frequencies(int headDim, double theta, Llama3RopeScaling? scaling)
    {
        var frequencies = new double[headDim / 2];
        for (int i = 0; i < frequencies.Length; i++)
        {
            double plain = Math.Pow(theta, -2.0 * i / headDim);
            frequencies[i] = scaling is null ? plain : Stretch(plain, scaling);
        }
        return frequencies;
    }

    /// <summary>Cosines and sines of one position, shared by all layers and heads.</summary>
    /// <param name="frequencies">[headDim / 2].</param>
    /// <param name="position">Position of the token, below 2^20.</param>
    /// <param name="cosines">[headDim / 2] f32, overwritten.</param>
    /// <param name="sines">[headDim / 2] f32, overwritten.</param>
    public static void Angles(ReadOnlySpan<double> frequencies, int position, Span<float> cosines, Span<float> sines)
    {
        for (int i = 0; i < frequencies.Length; i++)
            (sines[i], cosines[i]) = SinCos(position * frequencies[i]);
    }

    /// <summary>Turns one head in place.</summary>
    /// <param name="set">Which twin.</param>
    /// <param name="head">[headDim] f32, changed.</param>
    /// <param name="cosines">[headDim / 2] f32.</param>
    /// <param name="sines">[headDim / 2] f32.</param>
    public static void Run(InstructionSet set, Span<float> head, ReadOnlySpan<float> cosines, ReadOnlySpan<float> sines)
    {
        int half = cosines.Length, i = 0;
        Span<float> low = head[..half], high = head[half..];
        if (set != InstructionSet.Scalar)
        {
            for (; i + 8 <= half; i += 8)
            {
                Vector256<float> x = Vector256.Create<float>(low.Slice(i, 8)), y = Vector256.Create<float>(high.Slice(i, 8));
                Vector256<float> c = Vector256.Create(cosines.Slice(i, 8)), s = Vector256.Create(sines.Slice(i, 8));
                (x * c - y * s).CopyTo(low[i..]);
                (y * c + x * s).CopyTo(high[i..]);
            }
        }
        for (; i < half; i++)
        {
            float x = low[i], y = high[i];
            low[i] = x * cosines[i] - y * sines[i];
            high[i] = y * cosines[i] + x * sines[i];
        }
    }

    /// <summary>Llama 3.1's scaling: long waves are stretched by the factor, short ones kept, those between blended.</summary>
    private static double Stretch(double frequency, Llama3RopeScaling scaling)
    {
        double turns = scaling.OriginalContextTokens * frequency / (2 * Math.PI);
        if (turns > scaling.HighFrequencyFactor)
            return frequency;
        if (turns < scaling.LowFrequencyFactor)
            return frequency / scaling.Factor;
        double blend = (turns - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
        return (1 - blend) * frequency / scaling.Factor + blend * frequency;
    }

    /// <summary>Sine and cosine for 0 ≤ x &lt; 2^20 within about 1e-15, by operations that round the same on every machine (the C library's do not).</summary>
    private static (float Sin, float Cos) SinCos(double x)
    {
        double quarters = Math.Round(x * (2 / Math.PI));
        double r = x - quarters * HalfPiHigh - quarters * HalfPiLow;
        double q = r * r;
        double sin = r * (1 + q * (-1 / 6.0 + q * (1 / 120.0 + q * (-1 / 5040.0 + q * (1 / 362880.0 + q * (-1 / 39916800.0
            + q * (1 / 6227020800.0 + q * (-1 / 1307674368000.0))))))));
        double cos = 1 + q * (-1 / 2.0 + q * (1 / 24.0 + q * (-1 / 720.0 + q * (1 / 40320.0 + q * (-1 / 3628800.0
            + q * (1 / 479001600.0 + q * (-1 / 87178291200.0 + q * (1 / 20922789888000.0))))))));
        return ((long)quarters & 3) switch
        {
            0 => ((float)sin, (float)cos),
            1 => ((float)cos, (float)-sin),
            2 => ((float)-sin, (float)-cos),
            _ => ((float)-cos, (float)sin),
        };
    }
}
