using System.Text;
using System.Text.Json;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Streaming;

/// <summary>Projects the steps of an exchange onto a Responses object and its event sequence, numbered without gaps from 0.</summary>
internal sealed class ResponsesProjection(ExchangeId id)
{
    private readonly List<OpenItem> _items = [];
    private int _sequence;
    private string _model = "";
    private string _status = "queued";
    private Instant _createdAt;
    private Instant? _completedAt;
    private ResponseEcho? _echo;
    private IncompleteDetails? _incomplete;
    private ResponseFailure? _failure;
    private ResponseUsage? _usage;

    /// <summary>Takes the next step; appends the events it makes.</summary>
    public void Apply(ExchangeStep step, ICollection<ResponseEvent> events)
    {
        switch (step)
        {
            case ExchangeStep.Accepted accepted:
                _model = accepted.Model;
                _createdAt = accepted.At;
                _echo = accepted.Stored.Echo ?? throw new InvalidOperationException("The exchange did not come in by the Responses surface.");
                // Without background the client already waits on the line, so its response is never seen as queued.
                if (!_echo.Background)
                    _status = "in_progress";
                events.Add(Lifecycle("response.created"));
                break;
            case ExchangeStep.Started:
                _status = "in_progress";
                events.Add(Lifecycle("response.in_progress"));
                break;
            case ExchangeStep.TextAdded added:
                AddText(added.Text, events);
                break;
            case ExchangeStep.CallStarted call:
                CloseLast("completed", events);
                OpenItem item = new OpenItem.Call(id.FunctionCall(_items.Count), call.CallId, call.Name);
                Open(item, events);
                break;
            case ExchangeStep.ArgumentsAdded more:
                Last<OpenItem.Call>().Arguments.Append(more.Text);
                events.Add(new ArgumentsDeltaEvent("response.function_call_arguments.delta", _sequence++, _items[^1].Id, _items.Count - 1, more.Text));
                break;
            case ExchangeStep.CallEnded:
                CloseLast("completed", events);
                break;
            case ExchangeStep.Ended ended:
                End(ended, events);
                break;
            case ExchangeStep.Failed failed:
                Break("failed", new ResponseFailure(failed.Code, failed.Message), events);
                break;
            case ExchangeStep.Cancelled:
                Break("cancelled", null, events);
                break;
        }
    }

    /// <summary>The object as it stands.</summary>
    public ResponseObject Response()
    {
        ResponseEcho echo = _echo ?? throw new InvalidOperationException("The exchange has not begun.");
        return new ResponseObject(
            id.Response, "response", Seconds(_createdAt), _completedAt is { } at ? Seconds(at) : null, _status, _incomplete, _model,
            echo.PreviousResponseId, echo.Instructions, [.. _items.Select(i => i.ToWire())], _failure,
            echo.Tools, echo.ToolChoice, "disabled", echo.ParallelToolCalls, TextSettings.Of(echo.Format),
            echo.TopP, echo.PresencePenalty, echo.FrequencyPenalty, 0, echo.Temperature, null, _usage,
            echo.MaxOutputTokens, echo.MaxToolCalls, echo.Store, echo.Background, "default", echo.Metadata, echo.SafetyIdentifier, echo.PromptCacheKey);
    }

    /// <summary>Writes an event as the wire has it.</summary>
    public static byte[] Serialize(ResponseEvent happened) => JsonSerializer.SerializeToUtf8Bytes(happened, happened.GetType(), WireJson.Wire);

    private void AddText(string text, ICollection<ResponseEvent> events)
    {
        if (_items.Count == 0 || _items[^1] is not OpenItem.Message { IsOpen: true })
            Open(new OpenItem.Message(id.Message(_items.Count)), events);
        Last<OpenItem.Message>().Text.Append(text);
        events.Add(new TextDeltaEvent("response.output_text.delta", _sequence++, _items[^1].Id, _items.Count - 1, 0, text, []));
    }

    private void Open(OpenItem item, ICollection<ResponseEvent> events)
    {
        // The item event shows it empty, as it is before its first part.
        int index = _items.Count;
        _items.Add(item);
        events.Add(new OutputItemEvent("response.output_item.added", _sequence++, index, item.ToWireAtStart()));
        if (item is OpenItem.Message)
            events.Add(new ContentPartEvent("response.content_part.added", _sequence++, item.Id, index, 0, OutputText.Of("")));
    }

    private void CloseLast(string status, ICollection<ResponseEvent> events)
    {
        if (_items.Count == 0 || !_items[^1].IsOpen)
            return;
        OpenItem item = _items[^1];
        int index = _items.Count - 1;
        item.Close(status);
        switch (item)
        {
            case OpenItem.Message message:
                string text = message.Text.ToString();
                events.Add(new TextDoneEvent("response.output_text.done", _sequence++, item.Id, index, 0, text, []));
                events.Add(new ContentPartEvent("response.content_part.done", _sequence++, item.Id, index, 0, OutputText.Of(text)));
                break;
            case OpenItem.Call call:
                events.Add(new ArgumentsDoneEvent("response.function_call_arguments.done", _sequence++, item.Id, index, call.Name, call.Arguments.ToString()));
                break;
        }
        events.Add(new OutputItemEvent("response.output_item.done", _sequence++, index, item.ToWire()));
    }

    private void End(ExchangeStep.Ended ended, ICollection<ResponseEvent> events)
    {
        bool cut = ended.Finish == FinishReason.Length;
        // An answer without a word is still an answer: clients look for a message.
        if (_items.Count == 0)
            Open(new OpenItem.Message(id.Message(0)), events);
        CloseLast(cut ? "incomplete" : "completed", events);
        _usage = new ResponseUsage(
            ended.Tokens.Prompt, new InputTokensDetails(ended.Tokens.Cached), ended.Tokens.Output, new OutputTokensDetails(0),
            ended.Tokens.Prompt + ended.Tokens.Output);
        _status = cut ? "incomplete" : "completed";
        _incomplete = cut ? new IncompleteDetails("max_output_tokens") : null;
        _completedAt = cut ? null : ended.At;
        events.Add(Lifecycle(cut ? "response.incomplete" : "response.completed"));
    }

    private void Break(string status, ResponseFailure? failure, ICollection<ResponseEvent> events)
    {
        CloseLast("incomplete", events);
        _status = status;
        _failure = failure;
        // There is no event of its own for a cancelled response; the status in this one says what happened.
        events.Add(Lifecycle("response.failed"));
    }

    private ResponseLifecycleEvent Lifecycle(string type) => new(type, _sequence++, Response());

    private T Last<T>() where T : OpenItem => (T)_items[^1];

    private static long Seconds(Instant at) => at.ToDateTimeOffset().ToUnixTimeSeconds();

    /// <summary>An output item that grows.</summary>
    private abstract class OpenItem(string id)
    {
        public string Id { get; } = id;

        public string Status { get; private set; } = "in_progress";

        public bool IsOpen => Status == "in_progress";

        public void Close(string status) => Status = status;

        public abstract OutputItem ToWireAtStart();

        public abstract OutputItem ToWire();

        public sealed class Message(string id) : OpenItem(id)
        {
            public StringBuilder Text { get; } = new();

            public override OutputItem ToWireAtStart() => new OutputMessage(Id, Status, "assistant", []);

            public override OutputItem ToWire() => new OutputMessage(Id, Status, "assistant", [OutputText.Of(Text.ToString())]);
        }

        public sealed class Call(string id, string callId, string name) : OpenItem(id)
        {
            public string Name { get; } = name;

            public StringBuilder Arguments { get; } = new();

            public override OutputItem ToWireAtStart() => ToWire();

            public override OutputItem ToWire() => new OutputFunctionCall(Id, Status, callId, Name, Arguments.ToString());
        }
    }
}
