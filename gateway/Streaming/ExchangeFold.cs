using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Streaming;

/// <summary>Folds a history into the steps of one of its exchanges. Pure: the same events give the same steps, however they are cut into pages.</summary>
/// <remarks>Events may begin at the history's start, or anywhere before the exchange when the number of earlier calls is given.</remarks>
internal sealed class ExchangeFold
{
    private readonly RequestId _request;
    private readonly int _ordinal;
    private readonly IModelText _text;
    private readonly List<OutputDelta> _deltas = [];
    private int _callsBefore;
    private string _model;
    private bool _open;
    private bool _started;
    private IOutputReader? _reader;

    /// <param name="request">Whose history it is.</param>
    /// <param name="ordinal">The exchange wanted.</param>
    /// <param name="callsBefore">Calls made before the first event that will be folded.</param>
    /// <param name="text">Turns tokens into text and calls.</param>
    public ExchangeFold(RequestId request, int ordinal, int callsBefore, IModelText text)
    {
        _request = request;
        _ordinal = ordinal;
        _callsBefore = callsBefore;
        _text = text;
        _model = text.Model;
    }

    /// <summary>Whether the exchange has ended, one way or another: nothing more can come.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Takes the next event; appends what a client can see of it.</summary>
    public void Apply(RequestEvent happened, ICollection<ExchangeStep> steps)
    {
        if (HasEnded)
            return;
        switch (happened)
        {
            case RequestEvent.Submitted submitted:
                _model = submitted.Pool.Value;
                Open(submitted.Exchange, submitted.ConversationJson, submitted.Spec, submitted, steps);
                break;
            case RequestEvent.ToolResultsPosted posted:
                Open(posted.Exchange, posted.ConversationJson, posted.Spec, posted, steps);
                break;
            case RequestEvent.SegmentStarted when _open && !_started:
                _started = true;
                steps.Add(new ExchangeStep.Started());
                break;
            case RequestEvent.TokensGenerated generated when _open:
                Read(generated, steps);
                break;
            case RequestEvent.SegmentEnded ended when _open:
                End(ended, steps);
                break;
            case RequestEvent.SegmentEnded ended:
                _callsBefore += ended.Calls.Length;
                break;
            case RequestEvent.RequestFailed failed when _open:
                steps.Add(new ExchangeStep.Failed(failed.Code, failed.Message, failed.At));
                HasEnded = true;
                break;
            case RequestEvent.RequestCancelled cancelled when _open:
                steps.Add(new ExchangeStep.Cancelled(cancelled.Reason, cancelled.At));
                HasEnded = true;
                break;
        }
    }

    private void Open(Exchange exchange, string conversation, SegmentSpec spec, RequestEvent happened, ICollection<ExchangeStep> steps)
    {
        if (exchange.Ordinal != _ordinal)
            return;
        _open = true;
        _reader = _text.CreateReader(spec);
        steps.Add(new ExchangeStep.Accepted(_model, StoredExchange.Parse(conversation), happened.At));
    }

    private void Read(RequestEvent.TokensGenerated generated, ICollection<ExchangeStep> steps)
    {
        foreach (int token in generated.Tokens)
            _reader!.Push(token, _deltas);
        Flush(steps);
    }

    private void End(RequestEvent.SegmentEnded ended, ICollection<ExchangeStep> steps)
    {
        _reader!.Finish(_deltas);
        Flush(steps);
        TokenCounts tokens = new(ended.Usage.PromptTokens, ended.Usage.CachedTokens, ended.Usage.SampledTokens);
        steps.Add(new ExchangeStep.Ended(ended.Finish, tokens, ended.At));
        HasEnded = true;
    }

    /// <summary>Joins neighbouring pieces of one event: one wire event for what became visible at once.</summary>
    private void Flush(ICollection<ExchangeStep> steps)
    {
        for (int i = 0; i < _deltas.Count;)
        {
            switch (_deltas[i])
            {
                case OutputDelta.TextAdded:
                    string text = "";
                    for (; i < _deltas.Count && _deltas[i] is OutputDelta.TextAdded more; i++)
                        text += more.Text;
                    if (text.Length > 0)
                        steps.Add(new ExchangeStep.TextAdded(text));
                    continue;
                case OutputDelta.ArgumentsAdded first:
                    string arguments = "";
                    for (; i < _deltas.Count && _deltas[i] is OutputDelta.ArgumentsAdded more && more.Index == first.Index; i++)
                        arguments += more.Text;
                    if (arguments.Length > 0)
                        steps.Add(new ExchangeStep.ArgumentsAdded(first.Index, arguments));
                    continue;
                case OutputDelta.CallStarted call:
                    // The same id the request gives the call when the segment ends; streams name it before that.
                    steps.Add(new ExchangeStep.CallStarted(call.Index, new CallId(_request, _callsBefore + call.Index).ToString(), call.Name));
                    break;
                case OutputDelta.CallEnded call:
                    steps.Add(new ExchangeStep.CallEnded(call.Index));
                    break;
            }
            i++;
        }
        _deltas.Clear();
    }
}
