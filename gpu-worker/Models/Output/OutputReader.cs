using System.Collections.Immutable;
using System.Text;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Output;

/// <summary>
/// Folds output tokens into text and tool calls as Qwen and Hermes models write them: <c>&lt;tool_call&gt;{"name": …, "arguments": …}&lt;/tool_call&gt;</c>,
/// several in a row for parallel calls. What never becomes a call of a declared tool is text.
/// </summary>
/// <remarks>
/// Each character is decided on alone, so the result does not depend on how tokens are cut into pushes. A call the model was free to write is shown
/// when it is complete, because until then it may turn out to be text; a forced one is shown as it comes. Stop texts are looked for outside calls.
/// </remarks>
public sealed class OutputReader : IOutputReader
{
    /// <summary>White space before a call is not part of the text; more of it than this is (characters).</summary>
    private const int BlanksHeldMax = 64;

    private readonly IncrementalDecoder _decoder;
    private readonly StringBuilder _decoded = new();
    private readonly PatternMatcher[] _stops;
    private readonly PatternMatcher? _open;
    private readonly HashSet<string> _names;
    private readonly bool _eager;
    private readonly DeltaWriter _writer = new();
    private readonly List<char> _held = [];
    private readonly StringBuilder _text = new();
    private readonly ImmutableArray<ParsedCall>.Builder _calls = ImmutableArray.CreateBuilder<ParsedCall>();
    private CallScanner? _call;
    private bool _eagerStarted;

    /// <summary>Reads the output of one segment.</summary>
    /// <param name="tokenizer">Turns tokens into text.</param>
    /// <param name="spec">Says whether calls are looked for, and where the text stops.</param>
    public OutputReader(BpeTokenizer tokenizer, SegmentSpec spec)
    {
        _decoder = new IncrementalDecoder(tokenizer);
        _stops = spec.Stop.IsDefault ? [] : [.. spec.Stop.Where(stop => stop.Length > 0).Select(stop => new PatternMatcher(stop))];
        ToolDeclarations.Read(spec.ToolMode == ToolMode.None ? null : spec.ToolsJson, out ImmutableArray<ToolDeclaration> tools);
        _names = [.. tools.Select(tool => tool.Name)];
        _open = _names.Count > 0 ? new PatternMatcher(CallScanner.Open) : null;
        _eager = spec.ToolMode is ToolMode.Named or ToolMode.Required;
    }

    /// <inheritdoc/>
    public ImmutableArray<ParsedCall> Calls => _calls.ToImmutable();

    /// <inheritdoc/>
    public string Text => _text.ToString();

    /// <inheritdoc/>
    public bool Stopped { get; private set; }

    /// <inheritdoc/>
    public void Push(int token, ICollection<OutputDelta> deltas)
    {
        if (Stopped)
            return;
        _decoder.Push(token, _decoded);
        Take(deltas);
    }

    /// <inheritdoc/>
    public void Finish(ICollection<OutputDelta> deltas)
    {
        if (Stopped)
            return;
        _decoder.Finish(_decoded);
        Take(deltas);
        if (!Stopped && _call is not null)
            GiveUpCall();
        // Blanks between and behind calls are layout.
        if (!Stopped && !(_calls.Count > 0 && _held.TrueForAll(char.IsWhiteSpace)))
            Show(_held.Count);
        _held.Clear();
        _writer.Flush();
    }

    private void Take(ICollection<OutputDelta> deltas)
    {
        _writer.Begin(deltas);
        for (int i = 0; i < _decoded.Length && !Stopped; i++)
        {
            if (_call is null)
                TakeText(_decoded[i], mayOpen: true);
            else
                TakeCall(_decoded[i]);
        }
        _decoded.Clear();
        _writer.Flush();
    }

    private void TakeText(char c, bool mayOpen)
    {
        _held.Add(c);
        foreach (PatternMatcher stop in _stops)
            Stopped |= stop.Push(c);
        if (Stopped)
        {
            // Of several that end here the longest starts first.
            int length = _stops.Where(stop => stop.Matched == stop.Length).Max(stop => stop.Length);
            Show(_held.Count - length);
            _held.Clear();
            return;
        }
        if (_open is not null && _open.Push(c) && mayOpen)
        {
            int blanks = BlanksBefore(CallScanner.Open.Length);
            Show(_held.Count - CallScanner.Open.Length - blanks);
            _call = new CallScanner(new string([.. _held[..blanks]]), _names, _eager);
            _held.Clear();
            ForgetMatches();
            return;
        }
        int keep = _open?.Matched ?? 0;
        foreach (PatternMatcher stop in _stops)
            keep = Math.Max(keep, stop.Matched);
        if (_open is not null)
            keep = Math.Max(keep, _open.Matched + BlanksBefore(_open.Matched));
        Show(_held.Count - keep);
    }

    private void TakeCall(char c)
    {
        switch (_call!.Push(c))
        {
            case CallScanner.Step.Argument:
                if (c == '{' && !_eagerStarted)
                    _writer.StartCall(_calls.Count, _call.EagerName!);
                _eagerStarted = true;
                _writer.Arguments(_calls.Count, [c]);
                break;
            case CallScanner.Step.Done:
                ParsedCall call = _call.Call!;
                if (!_eagerStarted)
                {
                    _writer.StartCall(_calls.Count, call.Name);
                    _writer.Arguments(_calls.Count, call.Arguments);
                }
                _writer.EndCall(_calls.Count);
                _calls.Add(call);
                _call = null;
                _eagerStarted = false;
                break;
            case CallScanner.Step.Failed:
                GiveUpCall();
                if (!Stopped)
                    TakeText(c, mayOpen: true);
                break;
        }
    }

    /// <summary>What looked like a call was text.</summary>
    private void GiveUpCall()
    {
        string raw = _call!.Raw;
        _call = null;
        _eagerStarted = false;
        // Calls written inside are not looked for again: hostile output must not be read more than twice.
        foreach (char c in raw)
        {
            if (!Stopped)
                TakeText(c, mayOpen: false);
        }
    }

    private int BlanksBefore(int tail)
    {
        int blanks = 0;
        while (blanks < BlanksHeldMax && _held.Count - tail - blanks > 0 && char.IsWhiteSpace(_held[_held.Count - tail - blanks - 1]))
            blanks++;
        return blanks;
    }

    private void Show(int count)
    {
        if (count <= 0)
            return;
        for (int i = 0; i < count; i++)
        {
            _writer.Text(_held[i]);
            _text.Append(_held[i]);
        }
        _held.RemoveRange(0, count);
    }

    private void ForgetMatches()
    {
        _open?.Reset();
        foreach (PatternMatcher stop in _stops)
            stop.Reset();
    }
}
