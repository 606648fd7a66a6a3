using System.Text;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Output.Forms;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Output;

/// <summary>
/// Keeps output in a form, such as that of a tool call. Wherever the form leaves one way only, its tokens are fed; elsewhere the model's tokens are
/// sampled among those that fit. When the sampled tokens are used up, a short completion is fed.
/// </summary>
/// <remarks>
/// Which tokens were sampled and which fed follows from the tokens alone, so replaying an output gives the same state. Below the least number of
/// sampled tokens, string values are kept open and the form is not ended, as long as anything else may come.
/// </remarks>
public sealed class FormConstraint : IOutputConstraint
{
    /// <summary>A character or escape is at most this far from its end (By): with more tokens left than this, a mask depends on the place alone.</summary>
    internal const int DebtMax = 4;

    private readonly BpeTokenizer _tokenizer;
    private readonly TokenWalk _walk;
    private readonly int _sampledMax;
    private readonly int _sampledMin;

    // Two masks are kept: of the string at hand, where nearly all tokens are sampled, and of the last other place, such as an escape in it.
    private readonly MaskAt[] _masks;

    private readonly string _close;
    private FormState _state;
    private List<int> _forced = [];
    private int _fed;

    /// <summary>Starts before the form's opening.</summary>
    /// <param name="tokenizer">Turns fed text into tokens.</param>
    /// <param name="walk">Tries tokens.</param>
    /// <param name="form">The form.</param>
    /// <param name="sampledMax">Sampled tokens at most (tokens).</param>
    /// <param name="sampledMin">Sampled tokens at least, where strings can be kept open for them (tokens).</param>
    internal FormConstraint(BpeTokenizer tokenizer, TokenWalk walk, OutputForm form, int sampledMax, int sampledMin)
    {
        _tokenizer = tokenizer;
        _walk = walk;
        _state = form.Root;
        _close = form.Close;
        _sampledMax = sampledMax;
        _sampledMin = Math.Min(sampledMin, sampledMax);
        _masks = [new MaskAt(tokenizer.Size), new MaskAt(tokenizer.Size)];
        FeedWhatIsGiven(form.Close.Length > 0 ? [(byte)'\n'] : []);
        _forced.InsertRange(0, tokenizer.Encode(form.Open, parseAdded: true));
    }

    /// <inheritdoc/>
    public ReadOnlySpan<int> Forced => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_forced)[_fed..];

    /// <inheritdoc/>
    public int Sampled { get; private set; }

    /// <inheritdoc/>
    public bool Complete => _state.IsDone && _fed == _forced.Count;

    /// <inheritdoc/>
    public void Mask(Span<float> logits)
    {
        if (_fed < _forced.Count || _state.IsDone)
            throw new InvalidOperationException("No token is sampled here.");
        int left = _sampledMax - Sampled - 1;
        bool keepOpen = Sampled < _sampledMin;
        MaskAt mask = _masks[_state.IsOpenString ? 0 : 1];
        var place = (_state, Math.Min(left, DebtMax), keepOpen);
        if (mask.Place != place)
        {
            if (!_walk.Mark(_state, left, keepOpen, mask.Allowed))
                _walk.Mark(_state, left, keepOpen: false, mask.Allowed);
            mask.Place = place;
        }
        bool[] allowed = mask.Allowed;
        for (int id = 0; id < logits.Length; id++)
        {
            if (id >= allowed.Length || !allowed[id])
                logits[id] = float.NegativeInfinity;
        }
    }

    /// <inheritdoc/>
    public bool Accept(int token)
    {
        if (_fed < _forced.Count)
        {
            if (token != _forced[_fed])
                return false;
            _fed++;
            return true;
        }
        if (_state.IsDone || _walk.Take(_state, token, _sampledMax - Sampled - 1) is not { } next)
            return false;
        _state = next;
        Sampled++;
        FeedWhatIsGiven([]);
        return true;
    }

    /// <summary>Feeds on to the next place with a choice, or to the end when no more may be sampled.</summary>
    private void FeedWhatIsGiven(List<byte> bytes)
    {
        if (Sampled >= _sampledMax)
        {
            _state.Complete(bytes);
            _state = DoneState.Instance;
        }
        while (_state.OnlyByte() is { } only)
        {
            bytes.Add(only);
            _state = _state.Step(only)!;
        }
        if (_state.IsDone && _close.Length > 0)
            bytes.Add((byte)'\n');
        _forced = Encode([.. bytes]);
        _fed = 0;
        if (_state.IsDone)
            _tokenizer.Encode(_close, parseAdded: true, _forced);
    }

    /// <summary>Encodes text as the model would write it; byte for byte where that would change the bytes, or they are no whole characters.</summary>
    private List<int> Encode(byte[] bytes)
    {
        List<int> ids = _tokenizer.EncodeOn(Encoding.UTF8.GetString(bytes));
        var written = new List<byte>(bytes.Length);
        foreach (int id in ids)
            written.AddRange(_tokenizer.Bytes(id));
        return written.SequenceEqual(bytes) ? ids : [.. bytes.Select(_tokenizer.IdOf)];
    }

    /// <summary>The tokens that may come at a place.</summary>
    private sealed class MaskAt(int vocabulary)
    {
        public (FormState State, int Left, bool KeepOpen)? Place { get; set; }

        public bool[] Allowed { get; } = new bool[vocabulary];
    }
}
