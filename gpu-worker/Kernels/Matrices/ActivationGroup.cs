using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Astraea.Worker.Kernels.Matrices;

/// <summary>Turns a group of activations into integers of −127 to 127 and a scale: x ≈ q · scale, scale = largest |x| / 127. Both twins give the same bits.</summary>
internal readonly ref struct ActivationGroup
{
    // Below this the reciprocal of the scale may overflow; such a group adds nothing to any sum.
    private const float LargestMin = 1e-30f;

    private readonly ReadOnlySpan<float> _values;
    private readonly float _inverse;

    /// <summary>Measures a group.</summary>
    public ActivationGroup(InstructionSet set, ReadOnlySpan<float> values)
    {
        _values = values;
        float largest = set == InstructionSet.Scalar ? LargestReference(values) : LargestSimd(values);
        // A NaN fails the comparison and goes on into the scale, and from there into every output: whoever looks for NaN finds it.
        bool negligible = largest < LargestMin;
        _inverse = negligible ? 0 : 127f / largest;
        Scale = negligible ? 0 : largest / 127f;
    }

    /// <summary>What an integer of 1 stands for.</summary>
    public float Scale { get; }

    /// <summary>One activation as an integer.</summary>
    public int this[int index] => Nearest(_values[index] * _inverse);

    /// <summary>Sixteen activations, from an index, as integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector256<short> Sixteen(int index)
    {
        Vector256<float> inverse = Vector256.Create(_inverse);
        Vector256<int> low = Vector256.ConvertToInt32(Vector256.Round(Vector256.Create(_values.Slice(index, 8)) * inverse));
        Vector256<int> high = Vector256.ConvertToInt32(Vector256.Round(Vector256.Create(_values.Slice(index + 8, 8)) * inverse));
        return Vector256.Narrow(low, high);
    }

    private static int Nearest(float x) => (int)MathF.Round(x);

    private static float LargestReference(ReadOnlySpan<float> values)
    {
        float largest = 0;
        foreach (float value in values)
            largest = MathF.Max(largest, MathF.Abs(value));
        return largest;
    }

    private static float LargestSimd(ReadOnlySpan<float> values)
    {
        Vector256<float> lanes = Vector256<float>.Zero;
        int i = 0;
        for (; i + 8 <= values.Length; i += 8)
            lanes = Vector256.Max(lanes, Vector256.Abs(Vector256.Create(values.Slice(i, 8))));
        return MathF.Max(Lanes.Max(lanes), LargestReference(values[i..]));
    }
}
