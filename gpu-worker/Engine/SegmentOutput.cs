using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Engine;

/// <summary>Why a segment's output is over.</summary>
/// <param name="Finish">For the client; null when the output cannot go on.</param>
/// <param name="Trouble">What is wrong, when <paramref name="Finish"/> is null.</param>
internal readonly record struct OutputEnd(FinishReason? Finish, string? Trouble);

/// <summary>The output of one segment as a fold of tokens: counts, form, text, and the end. Re-derived from tokens after any interruption.</summary>
internal sealed class SegmentOutput
{
    private readonly SegmentSpec _spec;
    private readonly SequenceKv _kv;
    private readonly int _start;
    private readonly IOutputConstraint? _constraint;
    private readonly IOutputReader _reader;
    private readonly HashSet<int> _endTokens;
    private readonly int _contextTokensMax;
    private readonly List<OutputDelta> _unread = [];
    private int _sampledFree;

    /// <param name="spec">What is asked.</param>
    /// <param name="kv">The context; output is appended to it.</param>
    /// <param name="start">Input tokens: where the output begins in the context (tokens).</param>
    /// <param name="constraint">The form, or null.</param>
    /// <param name="reader">Text and calls.</param>
    /// <param name="endTokens">Token ids that end an answer.</param>
    /// <param name="contextTokensMax">Longest context (tokens).</param>
    public SegmentOutput(
        SegmentSpec spec, SequenceKv kv, int start, IOutputConstraint? constraint, IOutputReader reader, HashSet<int> endTokens, int contextTokensMax)
    {
        _spec = spec;
        _kv = kv;
        _start = start;
        _constraint = constraint;
        _reader = reader;
        _endTokens = endTokens;
        _contextTokensMax = contextTokensMax;
    }

    /// <summary>Output tokens so far (tokens).</summary>
    public int Count => _kv.Length - _start;

    /// <summary>Of these, drawn from logits (tokens).</summary>
    public int Sampled => _constraint?.Sampled ?? _sampledFree;

    /// <summary>Output so far.</summary>
    public ReadOnlySpan<int> Tokens => _kv.Tokens[_start..];

    /// <summary>Why it is over, or null.</summary>
    public OutputEnd? Ended { get; private set; }

    /// <summary>Calls in the output; complete once it has ended.</summary>
    public System.Collections.Immutable.ImmutableArray<ParsedCall> Calls => _reader.Calls;

    /// <summary>Takes one output token, from an earlier attempt or drawn now, and decides whether the output is over.</summary>
    public void Take(int token)
    {
        _kv.Append(token);
        bool fits = _constraint?.Accept(token) ?? true;
        if (_constraint is null)
            _sampledFree++;
        _reader.Push(token, _unread);
        _unread.Clear();
        if (!fits)
            Ended = new OutputEnd(null, $"Output token {token} at index {Count - 1} does not fit the form asked for.");
        else
            Ended = EndAfter(token) is { } finish ? Close(finish) : null;
    }

    /// <summary>Takes the tokens the form forces now.</summary>
    public void TakeForced()
    {
        while (_constraint is not null && Ended is null && _constraint.Forced.Length > 0)
            Take(_constraint.Forced[0]);
    }

    /// <summary>Removes from the logits what may not come next.</summary>
    /// <param name="logits">[vocabulary] f32.</param>
    public void Mask(Span<float> logits)
    {
        if (_constraint is not null)
            _constraint.Mask(logits); // It knows about ends too.
        else if (!_spec.IgnoreEos && Sampled < _spec.MinOutputTokens)
        {
            foreach (int end in _endTokens)
                logits[end] = float.NegativeInfinity;
        }
    }

    private FinishReason? EndAfter(int token)
    {
        if (_reader.Stopped)
            return FinishReason.Stop;
        if (_constraint is { Complete: true })
            return FinishReason.Stop;
        if (_constraint is null && !_spec.IgnoreEos && _endTokens.Contains(token))
            return FinishReason.Stop;
        if (_kv.Length >= _contextTokensMax)
            return FinishReason.Length;
        // At the limit a form forces its shortest completion: that comes first.
        return Sampled >= _spec.MaxOutputTokens && _constraint is not { Forced.Length: > 0 } ? FinishReason.Length : null;
    }

    private OutputEnd Close(FinishReason finish)
    {
        _reader.Finish(_unread);
        _unread.Clear();
        return new OutputEnd(finish == FinishReason.Stop && _reader.Calls.Length > 0 ? FinishReason.ToolCalls : finish, null);
    }
}
