using System.Globalization;
using Astraea.Models.Tasks.Demo;

namespace Astraea.Models.Tasks.Domains;

/// <summary>Sums, products and what people wrap around them.</summary>
internal static class Arithmetic
{
    private static readonly (string Operator, string[] Wordings)[] _pairs =
    [
        ("+", ["What is {0} plus {1}?", "What do {0} and {1} come to together?", "How much is {0} + {1}?", "Please add {1} to {0}.", "Add {0} and {1}.", "Tell me the sum of {0} and {1}."]),
        ("-", ["What is left of {0} without {1}?", "Take {1} from {0}.", "How much is {0} - {1}?", "Subtract {1} from {0}, please.", "What is {0} minus {1}?", "Tell me the difference of {0} and {1}."]),
        ("*", ["What is {0} times {1}?", "Multiply {0} by {1}.", "How much is {0} * {1}?", "What does {0} times {1} give?", "I need {0} multiplied by {1}.", "Tell me the product of {0} and {1}."]),
        ("/", ["What do I get when I split {0} into {1} parts?", "Divide {0} by {1}.", "How much is {0} / {1}?", "Please divide {0} by {1}.", "What is {0} divided by {1}?", "Tell me {0} over {1}."]),
    ];

    private static readonly string[] _followUps = ["And {0} {1}?", "Now {0} {1}.", "And then {0} {1}?", "Take that {0} {1}.", "What about that {0} {1}?", "And that {0} {1}?"];

    public static void Pair(TaskScript s, DemoTools t)
    {
        s.Offer(t.Calculate);
        var (operation, wordings) = s.Random.Pick(_pairs);
        decimal a = Number(s), b = Number(s);
        s.User(wordings, a, b);
        Work(s, $"{Show(a)} {operation} {Show(b)}");
    }

    public static void Three(TaskScript s, DemoTools t)
    {
        s.Offer(t.Calculate);
        decimal a = Number(s), b = Number(s), c = Number(s);
        string[] wordings =
        [
            "Add {0} and {1}, then multiply by {2}.|({0} + {1}) * {2}", "What is {0} plus {1} minus {2}?|{0} + {1} - {2}", "Multiply {0} by {1} and add {2}.|{0} * {1} + {2}",
            "What is {0} times {1} times {2}?|{0} * {1} * {2}", "What is the sum of {0}, {1} and {2}?|{0} + {1} + {2}", "Take {1} from {0} and divide by {2}.|({0} - {1}) / {2}", "What is {0} times {1}, less {2}?|{0} * {1} - {2}",
            "What is the mean of {0}, {1} and {2}?|({0} + {1} + {2}) / 3", "Please work out ({0} + {1}) / {2}.|({0} + {1}) / {2}", "How much is {0} times {1}, plus {2}?|{0} * {1} + {2}",
            "Sum up {0}, {1} and {2}.|{0} + {1} + {2}", "How much is {0} * {1} + {2}?|{0} * {1} + {2}", "Add up {0}, {1} and {2}.|{0} + {1} + {2}",
        ];
        string[] parts = s.Values.Say(wordings, a, b, c).Split('|');
        s.User(parts[0]);
        Work(s, parts[1]);
    }

    public static void Story(TaskScript s, DemoTools t)
    {
        s.Offer(t.Calculate);
        int a = s.Random.Between(2, 99), b = s.Random.Between(2, 99);
        string[] wordings =
        [
            "A box holds {0} {2}s. How many are in {1} boxes?|{0} * {1}", "I have {0} {2}s and buy {1} more. How many have I got?|{0} + {1}", "{3} has {0} {2}s and gives away {1}. How many are left?|{0} - {1}",
            "A {2} costs {0}. What do {1} of them cost?|{0} * {1}", "One pack has {0} {2}s. How many are in {1} packs?|{0} * {1}", "{0} {2}s are shared by {1} people. How many does each get?|{0} / {1}",
            "{3} counts {0} {2}s today and {1} tomorrow. How many in all?|{0} + {1}",
        ];
        string[] parts = s.Values.Say(wordings, a, b, s.Values.Of(Words.Lexicon.Things), s.Values.Of(Words.Lexicon.FirstNames)).Split('|');
        s.User(parts[0]);
        Work(s, parts[1]);
    }

    public static void FollowUp(TaskScript s, DemoTools t)
    {
        Pair(s, t);
        string last = s.LastAnswer["The result is ".Length..^1];
        var (operation, word) = s.Random.Pick(("+", "plus"), ("-", "minus"), ("*", "times"), ("/", "divided by"));
        decimal b = Number(s);
        s.User(_followUps, word, b);
        Work(s, $"{last} {operation} {Show(b)}");
    }

    public static void Steps(TaskScript s, DemoTools t)
    {
        s.Offer(t.Calculate);
        decimal a = Number(s), b = Number(s);
        int steps = s.Random.Between(2, 4);
        string[] words = [.. Enumerable.Range(0, steps).Select(_ => s.Random.Pick("add", "subtract", "multiply by"))];
        int[] values = [.. words.Select(word => s.Random.Between(2, word == "multiply by" ? 9 : 500))];
        string list = string.Join(", then ", words.Select((word, i) => $"{word} {values[i]}"));
        s.User(["Step by step: {0} plus {1}, then {2}.", "One step at a time: {0} plus {1}, then {2}.", "Go step by step. Start with {0} plus {1}, then {2}.",
            "Step by step, please: {0} plus {1}, then {2}.", "In single steps: {0} plus {1}, then {2}."], a, b, list);
        string last = Calls.Show(s.Call("calculate", ("expression", $"{Show(a)} + {Show(b)}"))["result"]);
        for (int i = 0; i < steps; i++)
        {
            string operation = words[i] switch { "add" => "+", "subtract" => "-", _ => "*" };
            last = Calls.Show(s.Call("calculate", ("expression", $"{last} {operation} {values[i]}"))["result"]);
        }
        s.Answer($"The result is {last}.");
    }

    private static void Work(TaskScript s, string expression) => s.Answer($"The result is {Calls.Show(s.Call("calculate", ("expression", expression))["result"])}.");

    private static decimal Number(TaskScript s) => s.Random.Below(10) switch
    {
        < 5 => s.Random.Between(2, 99),
        < 8 => s.Random.Between(100, 9999),
        < 9 => s.Random.Between(10000, 999999),
        _ => Expression.Plain(s.Random.Between(11, 9999) / 100m),
    };

    private static string Show(decimal number) => number.ToString(CultureInfo.InvariantCulture);
}
