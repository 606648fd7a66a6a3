using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;
using Astraea.Models.Tasks.Words;

namespace Astraea.Models.Tasks.Domains;

/// <summary>A made-up tool that does something to something, with options.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Field">Field of the result that names what came of it.</param>
/// <param name="Use">Draws what a user says and the arguments that follow from it.</param>
internal sealed record ActionTool(AgentTool Tool, string Field, Func<(string Said, (string, JsonNode?)[] Arguments)> Use)
{
    private static readonly string[] _descriptions = ["{0} a {1}.", "{0} one {1}.", "Use this to {2} a {1}.", "{0} the given {1}.", "Call this to {2} a {1}.", "{0} a certain {1}."];
    private static readonly string[] _said = ["{0} {1} {2}{3}.", "Please {4} {1} {2}{3}.", "{0} the {1} {2}{3}.", "I want to {4} {1} {2}{3}.", "Can you {4} {1} {2}{3}?", "{0} {1} {2}{3}, please."];

    public static ActionTool Draw(Values values)
    {
        TaskRandom random = values.Random;
        string verb = values.Of([.. Lexicon.Actions.Select(action => action.Do)]);
        string done = Array.Find(Lexicon.Actions, action => action.Do == verb).Done;
        string subject = values.Subject();
        string name = random.Chance(75) ? Naming.Join(random, verb, subject) : Naming.Join(random, subject, verb);
        string key = random.Below(3) switch { 0 => "id", 1 => Naming.Join(random, subject, "id"), _ => Naming.Safe(subject) };
        Option[] options = [.. random.Shuffled(Options(values)).DistinctBy(option => option.Parameter.Name).Where(option => option.Parameter.Name != key).Take(random.Between(0, 2))];
        ImmutableArray<ToolParameter> parameters = [new(key, "string"), .. options.Select(option => option.Parameter)];
        string field = random.Pick("reference", "receipt", "ticket", "id");
        ulong salt = random.Bits();
        var tool = new AgentTool(name, values.Say(_descriptions, Values.Capital(verb), subject, verb), parameters, (arguments, _) => new JsonObject
        {
            ["status"] = done,
            [field] = new Values(new TaskRandom(StableHash.Of(arguments[key]!.GetValue<string>(), salt)), values.HeldOut).Code(),
        });
        return new ActionTool(tool, field, () =>
        {
            string which = values.Code();
            var arguments = new List<(string, JsonNode?)> { (key, which) };
            string clause = "";
            foreach (Option option in options.Where(option => option.Parameter.Required || random.Chance(50)))
            {
                var (said, value) = option.Draw();
                clause += " " + said;
                arguments.Add((option.Parameter.Name, value));
            }
            return (values.Say(_said, Values.Capital(verb), subject, which, clause, verb), [.. arguments]);
        });
    }

    private static Option[] Options(Values values)
    {
        TaskRandom random = values.Random;
        string attribute = values.Attribute();
        string[] choices = Words.Values.Distinct(random.Between(2, 4), () => random.Chance(50) ? values.Of(Lexicon.Qualities) : values.Invented());
        string choice = random.Chance(50) ? "mode" : values.Attribute();
        string flag = values.Invented();
        string number = random.Pick("count", "days", "amount", attribute);
        return
        [
            Text(attribute, random.Chance(50), () => { string value = values.Code(); return ($"with {attribute} {value}", value); }),
            Text("reason", random.Chance(50), () => { string value = values.Sentence(2, 4); return ($"because of \"{value}\"", value); }),
            Text(random.Pick("to", "recipient", "contact"), random.Chance(50), () => { string value = values.Person(); return ($"for {value}", value); }),
            new(new ToolParameter(choice, "string", null, [.. choices], random.Chance(50)), () => { string value = random.Pick(choices); return ($"with {choice} {value}", value); }),
            new(new ToolParameter(Naming.Safe(number), "integer", null, default, random.Chance(50)), () => { int value = random.Between(1, 999); return ($"with {number} {value}", value); }),
            new(new ToolParameter(flag, "boolean", null, default, Required: false), () => { bool value = random.Chance(70); return ($"{(value ? "with" : "without")} {flag}", value); }),
            new(new ToolParameter(random.Pick("tags", "labels", "notes"), "array", null, default, Required: false), () =>
            {
                string[] tags = Words.Values.Distinct(random.Between(2, 3), values.Invented);
                return ($"tagged {string.Join(", ", tags)}", new JsonArray([.. tags.Select(tag => (JsonNode)tag)]));
            }),
        ];
    }

    private static Option Text(string name, bool required, Func<(string, JsonNode)> draw) => new(new ToolParameter(Naming.Safe(name), "string", null, default, required), draw);

    private sealed record Option(ToolParameter Parameter, Func<(string Said, JsonNode Value)> Draw);
}
