using Astraea.Worker.Models.Output.Forms;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Output;

/// <summary>Which tokens may come at a place of a form. Tokens are walked in the order of their bytes, so that what two neighbours share is stepped once.</summary>
/// <remarks>
/// Inside a string most of a vocabulary may come, and which tokens stay inside does not depend on the string: that mask is made once for the model, and
/// only tokens with a quote are walked (the split of Dong et al. 2024, XGrammar, arXiv 2411.15100, §3.1).
/// </remarks>
internal sealed class TokenWalk
{
    private readonly BpeTokenizer _tokenizer;
    private readonly Order _all;
    private readonly Order _quoted;
    private readonly int _lengthMax;
    private readonly Lazy<bool[]> _insideString;

    public TokenWalk(BpeTokenizer tokenizer)
    {
        _tokenizer = tokenizer;
        // Added tokens stay out: the model means something else by them than their text.
        int[] ids = [.. tokenizer.MergedIds.Where(id => !tokenizer.Bytes(id).IsEmpty)];
        Array.Sort(ids, (a, b) => tokenizer.Bytes(a).SequenceCompareTo(tokenizer.Bytes(b)));
        _all = new Order(tokenizer, ids);
        _quoted = new Order(tokenizer, Array.FindAll(ids, id => tokenizer.Bytes(id).Contains((byte)'"')));
        _lengthMax = ids.Length == 0 ? 0 : ids.Max(id => tokenizer.Bytes(id).Length);
        _insideString = new Lazy<bool[]>(() =>
        {
            var inside = new bool[tokenizer.Size];
            Walk(_all, StringState.Begin(DoneState.Instance, isKey: false), FormConstraint.DebtMax, keepOpen: true, inside);
            return inside;
        });
    }

    /// <summary>Marks the tokens that may come.</summary>
    /// <param name="from">The place.</param>
    /// <param name="left">Tokens that may be sampled after this one (tokens): a token that begins a character must leave room for its end.</param>
    /// <param name="keepOpen">Whether tokens are left out that end a string value or the form.</param>
    /// <param name="allowed">[vocabulary] overwritten.</param>
    /// <returns>Whether any is marked.</returns>
    public bool Mark(FormState from, int left, bool keepOpen, Span<bool> allowed)
    {
        allowed.Clear();
        if (from is not StringState { IsFree: true } || left < FormConstraint.DebtMax)
            return Walk(_all, from, left, keepOpen, allowed);
        _insideString.Value.AsSpan(0, Math.Min(allowed.Length, _insideString.Value.Length)).CopyTo(allowed);
        Walk(_quoted, from, left, keepOpen, allowed);
        return allowed.Contains(true);
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

    private bool Walk(Order order, FormState from, int left, bool keepOpen, Span<bool> allowed)
    {
        bool any = false;
        var states = new FormState[_lengthMax + 1];
        states[0] = from;
        int reached = 0;
        for (int i = 0; i < order.Ids.Length; i++)
        {
            // The byte that stopped the token before stops this one, too.
            if (order.Shared[i] > reached)
                continue;
            int id = order.Ids[i];
            ReadOnlySpan<byte> bytes = _tokenizer.Bytes(id);
            for (reached = order.Shared[i]; reached < bytes.Length; reached++)
            {
                FormState? next = Step(states[reached], bytes[reached], keepOpen);
                if (next is null)
                    break;
                states[reached + 1] = next;
            }
            if (reached < bytes.Length || states[reached].Debt > left || id >= allowed.Length)
                continue;
            allowed[id] = true;
            any = true;
        }
        return any;
    }

    private static FormState? Step(FormState state, byte value, bool keepOpen)
    {
        if (keepOpen && value == '"' && state.IsOpenString)
            return null;
        FormState? next = state.Step(value);
        return keepOpen && next is { IsDone: true } ? null : next;
    }

    /// <summary>Tokens in the order of their bytes.</summary>
    private sealed class Order
    {
        public Order(BpeTokenizer tokenizer, int[] ids)
        {
            Ids = ids;
            Shared = new int[ids.Length];
            for (int i = 1; i < ids.Length; i++)
                Shared[i] = tokenizer.Bytes(ids[i]).CommonPrefixLength(tokenizer.Bytes(ids[i - 1]));
        }

        /// <summary>Token ids.</summary>
        public int[] Ids { get; }

        /// <summary>Bytes each has in common with the one before (By).</summary>
        public int[] Shared { get; }
    }
}
