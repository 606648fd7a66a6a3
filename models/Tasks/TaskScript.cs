using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;
using Astraea.Models.Tasks.Words;

namespace Astraea.Models.Tasks;

/// <summary>Writes down a conversation while acting it out: what a domain does with the tools is what the model should do.</summary>
internal sealed class TaskScript(TaskSplit split, TaskRandom random)
{
    private readonly List<AgentTool> _tools = [];
    private readonly List<ToolCall> _made = [];
    private readonly ImmutableArray<TaskTurn>.Builder _turns = ImmutableArray.CreateBuilder<TaskTurn>();
    private readonly ImmutableArray<ToolRound>.Builder _rounds = ImmutableArray.CreateBuilder<ToolRound>();
    private ToolBox? _box;
    private string? _user;

    /// <summary>Draws values of the split's side.</summary>
    public Values Values { get; } = new(random, split != TaskSplit.Train);

    public TaskRandom Random => random;

    /// <summary>Tools that are of no use here and are offered all the same.</summary>
    public IReadOnlyList<AgentTool> Others { get; set; } = [];

    /// <summary>The answer before.</summary>
    public string LastAnswer => _turns[^1].Answer;

    /// <summary>Puts tools on offer. All before the first call.</summary>
    public void Offer(params IEnumerable<AgentTool> tools)
    {
        foreach (AgentTool tool in tools)
        {
            if (_tools.TrueForAll(other => other.Name != tool.Name))
                _tools.Add(tool);
        }
    }

    /// <summary>The user says something.</summary>
    public void User(string text) => _user = text;

    /// <summary>The user says one of several things.</summary>
    public void User(string[] wordings, params object[] values) => User(Values.Say(wordings, values));

    /// <summary>A call of its own.</summary>
    public JsonNode Call(string tool, params (string Name, JsonNode? Value)[] arguments) => Together((tool, arguments))[0];

    /// <summary>Calls made in parallel.</summary>
    public JsonNode[] Together(params (string Tool, (string Name, JsonNode? Value)[] Arguments)[] calls)
    {
        ToolBox box = Box();
        ImmutableArray<ToolCall> made = [.. calls.Select(call => new ToolCall(call.Tool,
            JsonText.Write(new JsonObject(call.Arguments.Select(argument => KeyValuePair.Create(argument.Name, argument.Value))))))];
        var results = new JsonNode[made.Length];
        for (int i = 0; i < made.Length; i++)
        {
            results[i] = box.Answer(made[i], _made);
            _made.Add(made[i]);
        }
        _rounds.Add(new ToolRound(made, [.. results.Select(result => JsonText.Write(result, box.Spaced))]));
        return results;
    }

    /// <summary>The right answer; the turn ends.</summary>
    public void Answer(string text)
    {
        _turns.Add(new TaskTurn(_user ?? throw new InvalidOperationException("Nobody asked."), _rounds.DrainToImmutable(), text));
        _user = null;
    }

    /// <summary>An answer that speaks of the tools on offer.</summary>
    public void AnswerOf(Func<IReadOnlyList<AgentTool>, string> text) => Answer(text(Box().Tools));

    /// <summary>What is said when a tool said no.</summary>
    public void Apologise(JsonNode result) => Answer($"Sorry, that did not work: {result["error"]}.");

    public AgentTask Finish(string kind, long index) => new(kind, split, index, SystemPrompts.Draw(random), Box(), _turns.ToImmutable());

    // Nothing more can be put on offer once a tool was called.
    private ToolBox Box()
    {
        if (_box is not null)
            return _box;
        Offer(Others);
        return _box = new ToolBox([.. random.Shuffled(_tools)], Spaced: random.Chance(75));
    }
}
