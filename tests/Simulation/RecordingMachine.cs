using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Core.Machines;

namespace Astraea.Simulation.Tests;

/// <summary>The request machine, with the hash of every committed state noted: replaying the history must give the same (I8).</summary>
internal sealed class RecordingMachine(AgentRequestMachine machine) : IMachine<AgentRequestState, RequestMessage, RequestEvent, RequestReply, RequestEffect>
{
    /// <summary>Hashes seen at each version of each request, by whichever process.</summary>
    public Dictionary<(RequestId Id, long Version), HashSet<string>> Seen { get; } = [];

    public AgentRequestState Initial(string key) => machine.Initial(key);

    public Decision<RequestEvent, RequestReply> Handle(AgentRequestState state, RequestMessage message, Instant now)
    {
        Decision<RequestEvent, RequestReply> decision = machine.Handle(state, message, now);
        Mark(state, message, decision);
        return decision;
    }

    public void Apply(AgentRequestState state, RequestEvent happened) => machine.Apply(state, happened);

    /// <summary>The driver asks for what is owed after commits and loads only: this state is the durable one.</summary>
    public void Owed(AgentRequestState state, ICollection<RequestEffect> due)
    {
        if (!Seen.TryGetValue((state.Id, state.Version), out HashSet<string>? hashes))
            Seen.Add((state.Id, state.Version), hashes = []);
        hashes.Add(state.Hash());
        machine.Owed(state, due);
    }

    private static void Mark(AgentRequestState state, RequestMessage message, Decision<RequestEvent, RequestReply> decision)
    {
        switch (message, decision.Reply)
        {
            case (RequestMessage.Submit, RequestReply.Accepted { Joined: true }):
                Marks.Hit(Marks.JoinedSubmit);
                break;
            case (RequestMessage.PostToolResults, RequestReply.Accepted { Joined: true }):
                Marks.Hit(Marks.JoinedResults);
                break;
            case (RequestMessage.StartSegment, RequestReply.Started) when state.Phase == RequestPhase.Running && !decision.Events.IsEmpty:
                Marks.Hit(state.Output.Count > 0 ? Marks.TakeoverWithOutput : Marks.Takeover);
                break;
            case (RequestMessage.StartSegment, RequestReply.Refused):
                Marks.Hit(Marks.LateLease);
                break;
            case (RequestMessage.Cancel, RequestReply.Done) when state.HasEnded:
                Marks.Hit(Marks.CancelLost);
                break;
            case (RequestMessage.Cancel, RequestReply.Done) when state.Phase == RequestPhase.Running:
                Marks.Hit(Marks.CancelWon);
                break;
            case (RequestMessage.CheckAttendance, RequestReply.Done) when !decision.Events.IsEmpty:
                Marks.Hit(Marks.Unread);
                break;
            case (RequestMessage.Wake, RequestReply.Done) when !decision.Events.IsEmpty:
                Marks.Hit(Marks.ToolTimeout);
                break;
            case (_, RequestReply.Progress { Order: WorkerOrder.Stop }):
                Marks.Hit(Marks.WorkerStopped);
                break;
        }
        if (message is RequestMessage.ReportTokens late && late.Attempt < state.Attempt && late.Segment == state.Segment && state.Phase == RequestPhase.Running)
            Marks.Hit(Marks.StaleReport);
        if (decision.Events is [RequestEvent.TokensGenerated added, ..] && message is RequestMessage.ReportTokens report && report.Offset < added.Offset)
            Marks.Hit(Marks.Overlap);
        if (decision.Events is [var first, ..] && state.Phase != RequestPhase.New && first.At < state.PhaseSince)
            Marks.Hit(Marks.ClockBack);
    }
}
