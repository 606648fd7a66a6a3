using Astraea.Worker.Models.Output.Forms;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Output;

/// <summary>Which tokens may come at a place of a form. Tokens are walked in the order of their bytes, so that what two neighbours share is stepped once.</summary>
internal sealed class TokenWalk
{
    private readonly BpeTokenizer _tokenizer;
    private readonly int[] _ids;
    private readonly int[] _shared;
    private readonly int _lengthMax;

    public TokenWalk(BpeTokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        // Added tokens stay out: the model means something else by them than their text.
        _ids = [.. tokenizer.MergedIds.Where(id => !tokenizer.Bytes(id).IsEmpty)];
        Array.Sort(_ids, (a, b) => tokenizer.Bytes(a).SequenceCompareTo(tokenizer.Bytes(b)));
        _shared = new int[_ids.Length];
        for (int i = 0; i < _ids.Length; i++)
        {
            ReadOnlySpan<byte> bytes = tokenizer.Bytes(_ids[i]);
            _lengthMax = Math.Max(_lengthMax, bytes.Length);
            _shared[i] = i == 0 ? 0 : bytes.CommonPrefixLength(tokenizer.Bytes(_ids[i - 1]));
        }
    }

    /// <summary>Marks the tokens that may come.</summary>
    /// <param name="from">The place.</param>
    /// <param name="left">Tokens that may be sampled after this one (tokens): a token that begins a character must leave room for its end.</param>
    /// <param name="keepOpen">Whether tokens are left out that end a string value or the form.</param>
    /// <param name="allowed">[vocabulary] overwritten.</param>
    /// <returns>Tokens marked (tokens).</returns>
    public int Mark(FormState from, int left, bool keepOpen, Span<bool> allowed)
    {
        allowed.Clear();
        int count = 0;
        var states = new FormState[_lengthMax + 1];
        states[0] = from;
        int reached = 0;
        for (int i = 0; i < _ids.Length; i++)
        {
            // The byte that stopped the token before stops this one, too.
            if (_shared[i] > reached)
                continue;
            ReadOnlySpan<byte> bytes = _tokenizer.Bytes(_ids[i]);
            for (reached = _shared[i]; reached < bytes.Length; reached++)
            {
                FormState? next = Step(states[reached], bytes[reached], keepOpen);
                if (next is null)
                    break;
                states[reached + 1] = next;
            }
            if (reached < bytes.Length || states[reached].Debt > left || _ids[i] >= allowed.Length)
                continue;
            allowed[_ids[i]] = true;
            count++;
        }
        return count;
    }

    /// <summary>Where a token leads; null when it may not come.</summary>
    public FormState? Take(FormState from, int token, int left)
    {
        if (_tokenizer.IsAdded(token) || _tokenizer.Bytes(token).IsEmpty)
            return null;
        FormState? state = from;
        foreach (byte value in _tokenizer.Bytes(token))
        {
            state = state.Step(value);
            if (state is null)
                return null;
        }
        return state.Debt <= left ? state : null;
    }

    private static FormState? Step(FormState state, byte value, bool keepOpen)
    {
        if (keepOpen && value == '"' && state.IsOpenString)
            return null;
        FormState? next = state.Step(value);
        return keepOpen && next is { IsDone: true } ? null : next;
    }
}
