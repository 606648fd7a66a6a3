using System.Text.Json.Nodes;
using Astraea.Core.Determinism;

namespace Astraea.Cluster.Soak.Load;

/// <summary>How an agent talks to its gateway.</summary>
internal enum Manner
{
    /// <summary>Chat Completions, streamed; after a cut the same key replays it from the start.</summary>
    ChatStream,

    /// <summary>Chat Completions, whole; after a cut the same key is sent again.</summary>
    ChatWhole,

    /// <summary>Responses, streamed; after a cut the stream goes on behind the last event.</summary>
    ResponsesStream,

    /// <summary>Responses in the background, streamed; after a cut as above.</summary>
    ResponsesBackground,
}

/// <summary>One stretch of model work of an agent.</summary>
/// <param name="Tokens">Sampled tokens, exactly.</param>
/// <param name="ToolWait">How long the tool behind it takes; null in the last one, which answers in text.</param>
internal sealed record ScriptStep(int Tokens, TimeSpan? ToolWait);

/// <summary>What one agent does: a function of seed and number, so that two runs do the same.</summary>
internal sealed record AgentScript(ulong Seed, int Number, Manner Manner, IReadOnlyList<ScriptStep> Steps)
{
    public const string Tool = "look_up";

    private static readonly Manner[] s_manners = Enum.GetValues<Manner>();

    /// <param name="toolWaits">Tool times are multiplied by this.</param>
    public static AgentScript Of(ulong seed, int number, double toolWaits)
    {
        SeededGenerator draws = new SeedTree(seed).Child("agent", number).Generator();
        int calls = 1 + draws.NextInt(3);
        var steps = new List<ScriptStep>();
        for (int i = 0; i < calls; i++)
        {
            TimeSpan wait = TimeSpan.FromMilliseconds(200 + draws.NextInt(4000));
            steps.Add(new ScriptStep(24 + draws.NextInt(120), wait * toolWaits));
        }
        steps.Add(new ScriptStep(40 + draws.NextInt(280), null));
        return new AgentScript(seed, number, s_manners[number % s_manners.Length], steps);
    }

    public static string System => "You are an agent that looks things up before it answers. Be brief, be exact, and say where you found it.";

    public string Question => $"Agent {Number} of run {Seed} asks: what is behind door {Number * 17 % 23}?";

    public string ResultOf(int step) => $"Result {step} for agent {Number} of run {Seed}.";

    public string KeyOf(int step) => $"soak-{Seed}-{Number}-{step}";

    public long SamplingSeed => (long)(Seed * 100_003 + (ulong)Number);

    public static JsonNode Parameters() =>
        JsonNode.Parse("""{"type":"object","properties":{"query":{"type":"string"}},"required":["query"]}""")!;
}
