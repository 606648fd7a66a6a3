using Astraea.Contracts;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Gateway.Tests.Fakes;

namespace Astraea.Cluster.Tests.FrontDoor;

/// <summary>A worker that writes what follows from its input alone: another prompt, or another seed, shows as another text.</summary>
internal sealed class Pen(IClusterScheduler scheduler, IAgentRequests requests) : IAsyncDisposable
{
    public static readonly PoolId Pool = new("letters");

    private readonly CancellationTokenSource _stop = new();
    private readonly WorkerId _self = new("pen");
    private readonly List<Task> _running = [];
    private Task _loop = Task.CompletedTask;

    /// <summary>What is written for a segment, in pieces.</summary>
    public Func<SegmentWork, ScriptedSegment> Script { get; set; } = Answer;

    public void Start() => _loop = LoopAsync();

    /// <summary>An answer that tells the input apart from every other.</summary>
    public static ScriptedSegment Answer(SegmentWork work) => ScriptedSegment.Say("I read ", TraceOf(work), ".");

    /// <summary>Calls two tools first, then answers. An item of a tool stands behind its mark (LetterText).</summary>
    public static ScriptedSegment CallThenAnswer(SegmentWork work) => work.Spec.ToolsJson is not null && !Answered(work)
        ? ScriptedSegment.CallTools("Let me see.", ("look", """{"at":"sky"}"""), ("count", "{}"))
        : Answer(work);

    private static bool Answered(SegmentWork work) => work.ContextTokens.Zip(work.ContextTokens.Skip(1)).Any(
        pair => pair.First == LetterText.Turn && pair.Second == 'A' + (int)ChatRole.Tool);

    private static string TraceOf(SegmentWork work) => Core.Determinism.StableHash.Of(
        $"{string.Join(',', work.ContextTokens)} {work.Spec.Sampling} {work.Spec.MaxOutputTokens} {work.Spec.ToolsJson} {string.Join('|', work.Spec.Stop)}").ToString("x16");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await Task.WhenAll(_running);
        _stop.Dispose();
    }

    private async Task LoopAsync()
    {
        PullRequest pull = new(_self, 0, [], 256, 256, 256, 8, 2_000, "letters", "", new CostProfile(1e-3, 1e-3, 1e-5, 1e-5), []);
        HashSet<SegmentAttempt> held = [];
        try
        {
            while (true)
            {
                pull = pull with { Held = [.. held.Select(a => new HeldLease(a, true))] };
                Plan plan = await PatientlyAsync(() => scheduler.PullAsync(pull, TimeSpan.FromSeconds(1), _stop.Token));
                pull = pull with { Epoch = plan.Epoch };
                foreach (Lease lease in plan.Leases.Where(l => held.Add(l.Attempt)))
                    _running.Add(RunAsync(lease, plan.Epoch));
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The test is over.
        }
    }

    private async Task RunAsync(Lease lease, long epoch)
    {
        try
        {
            (RequestId id, int segment, int attempt) = lease.Attempt;
            if (await TellAsync(id, new RequestMessage.StartSegment(segment, attempt, _self, epoch, lease.Inputs.Level, lease.Reason)) is not RequestReply.Started started)
                return;
            ScriptedSegment script = Script(started.Work);
            int offset = 0;
            for (int i = 0; i < script.Pieces.Length; i++)
            {
                if (script.BeforePiece is { } gate)
                    await gate(i);
                if (await TellAsync(id, new RequestMessage.ReportTokens(segment, attempt, offset, script.Pieces[i])) is RequestReply.Progress { Order: WorkerOrder.Stop })
                    return;
                offset += script.Pieces[i].Length;
            }
            if (script.Failure is { } failure)
            {
                await TellAsync(id, new RequestMessage.FailSegment(segment, attempt, failure.Code, failure.Message));
                return;
            }
            SegmentUsage usage = SegmentUsage.Zero with { PromptTokens = started.Work.ContextTokens.Length, CachedTokens = 1, SampledTokens = offset, DeviceSeconds = 0.25 };
            await TellAsync(id, new RequestMessage.EndSegment(segment, attempt, offset, [], script.Finish, script.Calls, usage, null));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The test is over.
        }
    }

    private Task<RequestReply> TellAsync(RequestId id, RequestMessage message) => PatientlyAsync(() => requests.Get(id).TellAsync(message, _stop.Token));

    private async Task<T> PatientlyAsync<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (AgentUnavailableException)
            {
                await Task.Delay(50, _stop.Token);
            }
        }
    }
}
