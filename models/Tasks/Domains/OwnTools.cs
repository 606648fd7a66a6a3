using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks.Domains;

/// <summary>Tools made up for one conversation: names, descriptions and parameters have to be read, because they come only once.</summary>
internal static class OwnTools
{
    private static readonly string[] _ask =
    [
        "What is the {0} of {1} {2}?", "Tell me the {0} of {1} {2}.", "Look up the {0} of {1} {2}.", "I need the {0} of {1} {2}.", "Please tell me the {0} of {1} {2}.", "Give me the {0} for {1} {2}.",
        "{1} {2}: what is its {0}?", "Find the {0} of the {1} {2}.", "Which {0} does {1} {2} have?", "Can you tell me the {0} of {1} {2}?", "Do you know the {0} of {1} {2}?", "Check the {0} of {1} {2}.",
    ];

    private static readonly string[] _followUps = ["And of {0} {1}?", "What about {0} {1}?", "And {0} {1}?", "How about {0} {1}?", "And what about {0} {1}?", "And for {0} {1}?"];

    public static void LookUp(TaskScript s)
    {
        LookUpTool tool = LookUpTool.Draw(s.Values, s.Random.Chance(25));
        s.Offer([tool.Tool, .. Strangers(s, tool)]);
        string key = tool.Key();
        s.User(_ask, tool.Attribute, tool.Subject, key);
        Say(s, tool, s.Call(tool.Tool.Name, (tool.Parameter, key)));
        if (s.Random.Chance(75))
            return;
        string other = tool.Key();
        s.User(_followUps, tool.Subject, other);
        Say(s, tool, s.Call(tool.Tool.Name, (tool.Parameter, other)));
    }

    public static void Together(TaskScript s)
    {
        LookUpTool tool = LookUpTool.Draw(s.Values, longValues: false);
        s.Offer([tool.Tool, .. Strangers(s, tool)]);
        string[] keys = Words.Values.Distinct(s.Random.Between(2, 4), tool.Key);
        s.User(["What is the {0} of {1} {2}?", "Tell me the {0} of {1} {2}.", "I need the {0} of {1} {2}.", "Look up the {0} of {1} {2}.", "Please tell me the {0} of {1} {2}.", "Compare the {0} of {1} {2}."],
            tool.Attribute, tool.Subject, Weather.List(keys));
        JsonNode[] results = s.Together([.. keys.Select(key => (tool.Tool.Name, ((string, JsonNode?)[])[(tool.Parameter, key)]))]);
        s.Answer(string.Join("; ", results.Select((result, i) => $"{keys[i]}: {Calls.Show(result[tool.Field])}")) + ".");
    }

    public static void Failing(TaskScript s)
    {
        LookUpTool tool = LookUpTool.Draw(s.Values, longValues: false);
        string key = tool.Key();
        AgentTool failing = s.Random.Below(3) switch
        {
            0 => Faults.Once(tool.Tool),
            1 => Faults.Always(tool.Tool, Faults.Temporary),
            _ => Faults.Always(tool.Tool, s.Random.Pick($"unknown {tool.Subject}: {key}", $"no {tool.Subject} {key}", "access denied", "not found", $"{s.Values.Invented()} error {s.Values.Digits(3)}")),
        };
        s.Offer([failing, .. Strangers(s, tool)]);
        s.User(_ask, tool.Attribute, tool.Subject, key);
        JsonNode result = Calls.Stubborn(s, failing.Name, (tool.Parameter, key));
        if (result["error"] is null)
            Say(s, tool, result);
        else
            s.Apologise(result);
    }

    /// <summary>The result of one tool is the key of the next.</summary>
    public static void Chain(TaskScript s)
    {
        int length = s.Random.Between(2, 5);
        string[] things = Words.Values.Distinct(length + 1, () => s.Random.Chance(50) ? s.Values.Attribute() : s.Values.Subject());
        LookUpTool[] tools;
        do
            tools = [.. Enumerable.Range(0, length).Select(i => LookUpTool.Of(s.Values, things[i], things[i + 1], longValues: false))];
        while (tools.DistinctBy(tool => tool.Tool.Name).Count() < length);
        s.Others = [];
        s.Offer(tools.Select(tool => tool.Tool));
        if (length < 4)
            s.Offer(Strangers(s, tools[0]).Take(1));
        string key = tools[0].Key(), first = key;
        string asked = $"{things[0]} {first}";
        for (int i = 1; i < length; i++)
            asked = $"{things[i]} of {(i == 1 ? things[0] + " " + first : "the " + asked)}";
        s.User(["What is the {0} of the {1}?", "Tell me the {0} of the {1}.", "I need the {0} of the {1}.", "Find the {0} of the {1}.", "Please tell me the {0} of the {1}.", "Look up the {0} of the {1}."], things[length], asked);
        JsonNode result = s.Call(tools[0].Tool.Name, (tools[0].Parameter, key));
        for (int i = 1; i < length; i++)
            result = s.Call(tools[i].Tool.Name, (tools[i].Parameter, Calls.Show(result[tools[i - 1].Field])));
        Say(s, tools[^1], result);
    }

    /// <summary>Something is done, with options that are given only where they were said.</summary>
    public static void Act(TaskScript s)
    {
        ActionTool tool = ActionTool.Draw(s.Values);
        s.Offer([tool.Tool, .. Strangers(s, LookUpTool.Draw(s.Values, longValues: false)).Take(1)]);
        var (said, arguments) = tool.Use();
        s.User(said);
        JsonNode result = s.Call(tool.Tool.Name, arguments);
        s.Answer($"Done: {Calls.Show(result["status"])}, {tool.Field} {Calls.Show(result[tool.Field])}.");
    }

    /// <summary>Tools are there, but none for this.</summary>
    public static void NothingFits(TaskScript s)
    {
        LookUpTool wanted = LookUpTool.Draw(s.Values, longValues: false);
        s.Others = [];
        s.Offer(Strangers(s, wanted));
        s.User(_ask, wanted.Attribute, wanted.Subject, wanted.Key());
        s.Answer("Sorry, I have no tool for that.");
    }

    private static void Say(TaskScript s, LookUpTool tool, JsonNode result) => s.Answer($"The {tool.Attribute} is {Calls.Show(result[tool.Field])}.");

    /// <summary>Other tools made up in the same way: of the same thing, the same attribute, or neither.</summary>
    private static ImmutableArray<AgentTool> Strangers(TaskScript s, LookUpTool tool)
    {
        s.Others = [];
        var others = ImmutableArray.CreateBuilder<AgentTool>();
        for (int i = s.Random.Between(1, 3); i > 0; i--)
        {
            string subject = s.Random.Chance(35) ? tool.Subject : s.Values.Subject();
            string attribute = s.Values.Attribute();
            if (attribute == tool.Attribute || attribute == tool.Subject || subject == tool.Attribute)
                continue;
            AgentTool other = s.Random.Chance(80) ? LookUpTool.Of(s.Values, subject, attribute, longValues: false).Tool : ActionTool.Draw(s.Values).Tool;
            if (other.Name != tool.Tool.Name)
                others.Add(other);
        }
        return others.ToImmutable();
    }
}
