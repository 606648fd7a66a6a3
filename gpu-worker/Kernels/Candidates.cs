using System.Diagnostics;

namespace Astraea.Worker.Kernels;

/// <summary>Tokens that may be drawn, with their weights. A buffer that one thread uses again and again.</summary>
/// <remarks>A token's key sorts by logit, largest first, then by id; no two keys are equal, so every order below is the only one.</remarks>
internal sealed class Candidates
{
    private ulong[] _keys = [];
    private double[] _weights = [];
    private int _count;
    private double _total;
    private bool _sorted;

    /// <summary>Takes in all tokens with a logit above −∞, or the largest few of them.</summary>
    /// <param name="logits">[vocabulary] f32, no NaN, at least one above −∞.</param>
    /// <param name="topK">How many to keep; 0 keeps all.</param>
    public void Fill(ReadOnlySpan<float> logits, int topK)
    {
        if (_keys.Length < logits.Length)
        {
            _keys = new ulong[logits.Length];
            _weights = new double[logits.Length];
        }
        _count = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            if (!float.IsNegativeInfinity(logits[i]))
                _keys[_count++] = Key(logits[i], i);
        }
        _sorted = false;
        if (topK <= 0 || topK >= _count)
            return;
        SelectSmallest(_keys.AsSpan(0, _count), topK);
        _count = topK;
        Sort();
    }

    /// <summary>Gives each token the weight e^((logit − largest) / temperature).</summary>
    public void Weigh(float largest, double temperature)
    {
        _total = 0;
        for (int i = 0; i < _count; i++)
        {
            double scaled = ((double)LogitOf(_keys[i]) - largest) / temperature;
            _weights[i] = Exponential.Reference((float)Math.Max(scaled, -1e6));
            _total += _weights[i];
        }
    }

    /// <summary>Keeps the fewest tokens, largest first, whose weights reach a share of the whole; at least one.</summary>
    /// <param name="topP">The share, 0 to 1; 1 keeps all.</param>
    /// <param name="vocabulary">Tokens there are.</param>
    public void KeepNucleus(double topP, int vocabulary)
    {
        if (topP >= 1)
            return;
        DropNegligible((1 - topP) * _total / vocabulary);
        Sort();
        double reached = 0;
        int kept = 0;
        while (kept < _count && (kept == 0 || reached < topP * _total))
            reached += _weights[kept++];
        _count = kept;
        _total = reached;
    }

    /// <summary>The token at a place of the weights' running sum.</summary>
    /// <param name="place">0 ≤ place &lt; 1.</param>
    public int Pick(double place)
    {
        double rest = place * _total;
        int last = -1;
        for (int i = 0; i < _count; i++)
        {
            if (_weights[i] == 0)
                continue;
            last = i;
            rest -= _weights[i];
            if (rest < 0)
                break;
        }
        // Rounding may leave a trace after the last weight: then it is the last.
        return last >= 0 ? TokenOf(_keys[last]) : throw new UnreachableException("The largest logit has weight 1.");
    }

    /// <summary>Drops tokens so light that all of them together cannot reach the nucleus: sorting the rest is then cheap.</summary>
    private void DropNegligible(double threshold)
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            if (_weights[i] >= threshold)
                (_keys[kept], _weights[kept++]) = (_keys[i], _weights[i]);
        }
        _count = kept;
    }

    private void Sort()
    {
        if (!_sorted)
            _keys.AsSpan(0, _count).Sort(_weights.AsSpan(0, _count));
        _sorted = true;
    }

    private static ulong Key(float logit, int token)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f);
        // Ascending order of floats as integers, then turned round so that the largest logit comes first.
        uint ascending = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return ((ulong)~ascending << 32) | (uint)token;
    }

    private static float LogitOf(ulong key)
    {
        uint ascending = ~(uint)(key >> 32);
        return BitConverter.UInt32BitsToSingle((ascending & 0x80000000) != 0 ? ascending & 0x7FFFFFFF : ~ascending);
    }

    private static int TokenOf(ulong key) => (int)(uint)key;

    /// <summary>Moves the smallest few keys to the front, in no particular order.</summary>
    /// <remarks>Hoare 1961, algorithm 65, with the median of three as pivot.</remarks>
    private static void SelectSmallest(Span<ulong> keys, int count)
    {
        int low = 0, high = keys.Length - 1;
        while (low < high)
        {
            ulong a = keys[low], b = keys[low + (high - low) / 2], c = keys[high];
            ulong pivot = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
            int i = low, j = high;
            while (i <= j)
            {
                while (keys[i] < pivot)
                    i++;
                while (keys[j] > pivot)
                    j--;
                if (i > j)
                    break;
                (keys[i], keys[j]) = (keys[j], keys[i]);
                i++;
                j--;
            }
            if (count - 1 <= j)
                high = j;
            else if (count - 1 >= i)
                low = i;
            else
                return;
        }
    }
}
