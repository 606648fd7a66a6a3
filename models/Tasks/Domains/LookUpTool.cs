using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;
using Astraea.Models.Tasks.Words;

namespace Astraea.Models.Tasks.Domains;

/// <summary>A made-up tool that says what something has.</summary>
/// <param name="Tool">The tool.</param>
/// <param name="Subject">What kind of thing it knows.</param>
/// <param name="Attribute">What it says of it.</param>
/// <param name="Parameter">Takes the thing's key.</param>
/// <param name="Field">Field of the result that holds the answer.</param>
/// <param name="Key">Draws a key.</param>
internal sealed record LookUpTool(AgentTool Tool, string Subject, string Attribute, string Parameter, string Field, Func<string> Key)
{
    private static readonly string[] _descriptions =
    [
        "Returns the {0} of a {1}.", "Get the {0} of a {1}.", "Look up the {0} of a {1}.", "Gives the {0} for a {1}.", "Find the {0} of a {1}.", "The {0} of a {1}.", "Tells which {0} a {1} has.",
    ];

    public static LookUpTool Draw(Values values, bool longValues)
    {
        string[] words = Words.Values.Distinct(2, () => values.Random.Chance(50) ? values.Attribute() : values.Subject());
        return Of(values, words[0], words[1], longValues);
    }

    public static LookUpTool Of(Values values, string subject, string attribute, bool longValues)
    {
        TaskRandom random = values.Random;
        string verb = values.Of(Lexicon.LookUpVerbs);
        string name = random.Below(4) switch
        {
            0 => Naming.Join(random, verb, attribute),
            1 => Naming.Join(random, subject, attribute),
            2 => Naming.Join(random, attribute, "of", subject),
            _ => Naming.Join(random, verb, subject, attribute),
        };
        string parameter = random.Below(5) switch
        {
            0 => "id",
            1 => "name",
            2 => Naming.Join(random, subject, "id"),
            3 => values.Of(_keys),
            _ => Naming.Safe(subject),
        };
        string field = random.Chance(75) ? Naming.Safe(attribute) : random.Pick("value", "result", "answer");
        string? aside = random.Chance(35) ? random.Pick(_asides) : null;
        ulong salt = random.Bits();
        Func<TaskRandom, JsonNode> make = Maker(random, values.HeldOut, longValues);
        int keyKind = random.Below(3);
        string? hint = random.Chance(35) ? values.Say(["The {0}.", "Which {0}.", "{0} to look up.", "Key of the {0}.", "Name of the {0}.", "Of which {0}."], subject) : null;
        var tool = new AgentTool(name, values.Say(_descriptions, attribute, subject), [new(parameter, "string", hint)], (arguments, _) =>
        {
            string key = arguments[parameter]!.GetValue<string>();
            var source = new TaskRandom(StableHash.Of(key, salt));
            var result = new JsonObject();
            if (source.Chance(40))
                result[parameter] = key;
            if (aside is not null)
                result[aside] = source.Below(1000);
            result[field] = make(source);
            return result;
        });
        return new LookUpTool(tool, subject, attribute, parameter, field, keyKind switch
        {
            0 => values.Code,
            1 => values.Name,
            _ => () => values.Random.Chance(50) ? values.Code() : values.Person(),
        });
    }

    private static readonly string[] _keys = ["key", "ref", "code", "query", "target", "item", "number", "label", "input", "subject", "which", "handle"];

    // None of them is a field an answer is read from.
    private static readonly string[] _asides = ["took_ms", "page", "hits", "serial", "revision"];

    private static Func<TaskRandom, JsonNode> Maker(TaskRandom random, bool heldOut, bool longValues)
    {
        int kind = longValues ? random.Between(5, 6) : random.Below(5);
        return source =>
        {
            var drawn = new Values(source, heldOut);
            return kind switch
            {
                0 => source.Below(100),
                1 => source.Below(100000),
                2 => drawn.Code(),
                3 => drawn.Name(),
                4 => drawn.Person(),
                5 => drawn.LongCode(),
                _ => drawn.Sentence(4, 10),
            };
        };
    }
}
