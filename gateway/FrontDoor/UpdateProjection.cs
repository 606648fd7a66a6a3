using System.Text;
using Astraea.Contracts.FrontDoor;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Streaming;

namespace Astraea.Gateway.FrontDoor;

/// <summary>Projects the steps of an exchange onto the updates of a front door, numbered without gaps from 0.</summary>
internal sealed class UpdateProjection
{
    private readonly StringBuilder _text = new();
    private readonly List<ToolCall> _calls = [];
    private readonly StringBuilder _arguments = new();
    private (string Id, string Name) _open;
    private long _position;

    /// <summary>Takes the next step; appends the updates it makes.</summary>
    public void Apply(ExchangeStep step, ICollection<FrontDoorUpdate> updates)
    {
        switch (step)
        {
            case ExchangeStep.TextAdded added:
                _text.Append(added.Text);
                updates.Add(new FrontDoorUpdate.TextAdded(_position++, added.Text));
                break;
            case ExchangeStep.CallStarted call:
                _open = (call.CallId, call.Name);
                _arguments.Clear();
                break;
            case ExchangeStep.ArgumentsAdded more:
                _arguments.Append(more.Text);
                break;
            case ExchangeStep.CallEnded:
                ToolCall whole = new(_open.Id, _open.Name, _arguments.ToString());
                _calls.Add(whole);
                updates.Add(new FrontDoorUpdate.ToolCalled(_position++, whole));
                break;
            case ExchangeStep.Ended ended:
                updates.Add(Finish(EndOf(ended.Finish)) with
                {
                    PromptTokens = ended.Tokens.Prompt, CachedTokens = ended.Tokens.Cached, OutputTokens = ended.Tokens.Output,
                });
                break;
            case ExchangeStep.Failed failed:
                updates.Add(Finish(ExchangeEnd.Failed) with { ErrorCode = failed.Code, Error = failed.Message });
                break;
            case ExchangeStep.Cancelled cancelled:
                updates.Add(Finish(ExchangeEnd.Cancelled) with { ErrorCode = "request_cancelled", Error = cancelled.Reason });
                break;
        }
    }

    // Only calls that the segment ended with are waited for (TranscriptFold).
    private ExchangeEnd EndOf(FinishReason finish) => finish switch
    {
        FinishReason.Length => ExchangeEnd.CutOff,
        FinishReason.ToolCalls when _calls.Count > 0 => ExchangeEnd.CalledTools,
        _ => ExchangeEnd.Answered,
    };

    private FrontDoorUpdate.Finished Finish(ExchangeEnd end) => new(_position++, end, _text.ToString(), [.. _calls], 0, 0, 0, null, null);
}
