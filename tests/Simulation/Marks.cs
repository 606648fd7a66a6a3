using System.Collections.Concurrent;

namespace Astraea.Simulation.Tests;

/// <summary>Rare branches. Each is a place that some seed must reach, or the simulation has become too tame to say anything.</summary>
internal static class Marks
{
    public const string Takeover = "a newer attempt took a running segment over";
    public const string TakeoverWithOutput = "a takeover kept durable output";
    public const string LostAnswer = "an append was committed and its answer lost";
    public const string AppendFailed = "an append failed before it was committed";
    public const string Fenced = "an append met another writer";
    public const string AppendOfTheDead = "an append of a crashed process was committed";
    public const string JoinedSubmit = "a repeated submit joined";
    public const string JoinedResults = "repeated tool results joined";
    public const string ControlCrash = "the control process crashed";
    public const string WorkerCrash = "a worker crashed in a segment";
    public const string Recovered = "a new control process took up live requests";
    public const string WorkerStopped = "a worker was told to stop";
    public const string WorkerCutOff = "a busy worker was cut off for long";
    public const string StaleReport = "a worker reported for a segment that another had taken over";
    public const string Overlap = "a report began before and ended behind what was known";
    public const string LateLease = "a lease came too late to start";
    public const string CancelLost = "a cancel came after another end";
    public const string CancelWon = "a cancel ended a running segment";
    public const string Unread = "a request was cancelled for lack of readers";
    public const string ToolTimeout = "a tool wait timed out";
    public const string Returned = "a worker gave a segment back";
    public const string MessageLost = "a message was lost";
    public const string MessageDoubled = "a message came twice";
    public const string Revoked = "a lease was revoked";
    public const string Failed = "a segment failed its request";
    public const string ReaderResumed = "a reader went on behind its cursor after a crash";
    public const string ClockBack = "the wall clock went back between two events";

    private static readonly ConcurrentDictionary<string, int> s_hits = new();

    public static IEnumerable<string> All { get; } =
        typeof(Marks).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);

    public static void Hit(string mark) => s_hits.AddOrUpdate(mark, 1, static (_, hits) => hits + 1);

    public static int Hits(string mark) => s_hits.GetValueOrDefault(mark);
}
