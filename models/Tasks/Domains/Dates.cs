using System.Globalization;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Demo;

namespace Astraea.Models.Tasks.Domains;

/// <summary>Days and units.</summary>
internal static class Dates
{
    private static readonly string[] _after =
    [
        "Which date is {1} days after {0}?", "What day is it {1} days after {0}?", "Add {1} days to {0}.", "When is {0} plus {1} days?", "What comes {1} days after {0}?",
        "{0} and {1} days on: which date is that?", "Tell me the date {1} days after {0}.",
    ];

    private static readonly string[] _before =
    [
        "Which date is {1} days before {0}?", "What day was it {1} days before {0}?", "Go back {1} days from {0}.", "When was {0} minus {1} days?", "What comes {1} days before {0}?", "Tell me the date {1} days before {0}.",
    ];

    private static readonly string[] _between =
    [
        "How many days are there from {0} to {1}?", "Count the days from {0} to {1}.", "How long is it from {0} to {1}, in days?", "Days between {0} and {1}?", "How many days lie between {0} and {1}?",
        "Tell me the number of days from {0} to {1}.",
    ];

    private static readonly string[] _convert =
    [
        "How many {2} are {0} {1}?", "Convert {0} {1} to {2}.", "Please turn {0} {1} into {2}.", "Give me {0} {1} in {2}.", "What is {0} {1} in {2}?", "I need {0} {1} in {2}.",
    ];

    public static void Add(TaskScript s, DemoTools t)
    {
        s.Offer(t.AddDays);
        DateOnly date = Date(s);
        int days = s.Random.Between(2, 400);
        bool back = s.Random.Chance(30);
        s.User(back ? _before : _after, Said(s, date), days);
        Say(s, s.Call("add_days", ("date", Iso(date)), ("days", back ? -days : days)));
    }

    public static void Twice(TaskScript s, DemoTools t)
    {
        s.Offer(t.AddDays);
        DateOnly date = Date(s);
        int first = s.Random.Between(2, 200);
        s.User(_after, Said(s, date), first);
        JsonNode result = s.Call("add_days", ("date", Iso(date)), ("days", first));
        Say(s, result);
        int second = s.Random.Between(2, 200);
        s.User(["And {0} days after that?", "And another {0} days later?", "{0} days more?", "Then {0} more days?", "And {0} days on from there?", "What about {0} days after that?"], second);
        Say(s, s.Call("add_days", ("date", Calls.Show(result["date"])), ("days", second)));
    }

    public static void Between(TaskScript s, DemoTools t)
    {
        s.Offer(t.DaysBetween);
        DateOnly start = Date(s), end = start.AddDays(s.Random.Between(2, 900));
        s.User(_between, Said(s, start), Said(s, end));
        s.Answer($"There are {Calls.Show(s.Call("days_between", ("start", Iso(start)), ("end", Iso(end)))["days"])} days between the two dates.");
    }

    public static void Units(TaskScript s, DemoTools t)
    {
        s.Offer(t.ConvertUnits);
        var (value, from, to) = Drawn(s);
        s.User(_convert, value, s.Random.Chance(50) ? from.Name : from.Symbol, s.Random.Chance(50) ? to.Name : to.Symbol);
        JsonNode result = s.Call("convert_units", ("value", value), ("from", from.Symbol), ("to", to.Symbol));
        s.Answer($"That is {Calls.Show(result["value"])} {to.Symbol}.");
    }

    public static void UnitsThenSum(TaskScript s, DemoTools t)
    {
        s.Offer(t.ConvertUnits, t.Calculate);
        var (value, from, to) = Drawn(s);
        int count = s.Random.Between(2, 50);
        s.User([
            "A part measures {0} {1}. How many {2} are {3} of them?", "One piece is {0} {1}. What are {3} pieces in {2}?", "Convert {0} {1} to {2} and multiply by {3}.",
            "Turn {0} {1} into {2}, then take it times {3}.", "Each one has {0} {1}. What do {3} of them have in {2}?", "How many {2} are {3} times {0} {1}?"], value, from.Name, to.Name, count);
        string each = Calls.Show(s.Call("convert_units", ("value", value), ("from", from.Symbol), ("to", to.Symbol))["value"]);
        s.Answer($"That is {Calls.Show(s.Call("calculate", ("expression", $"{each} * {count}"))["result"])} {to.Symbol}.");
    }

    private static (decimal Value, Unit From, Unit To) Drawn(TaskScript s)
    {
        Unit from = s.Random.Pick(Unit.All);
        Unit[] others = [.. Unit.All.Where(unit => unit != from && unit.Quantity == from.Quantity)];
        decimal value = s.Random.Chance(80) ? s.Random.Between(2, 500) : Expression.Plain(s.Random.Between(11, 999) / 10m);
        return (value, from, s.Random.Pick(others));
    }

    private static void Say(TaskScript s, JsonNode result) => s.Answer($"It is {Calls.Show(result["weekday"])}, {Calls.Show(result["date"])}.");

    private static DateOnly Date(TaskScript s) => new DateOnly(2015, 1, 1).AddDays(s.Random.Below(7300));

    private static string Iso(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Said(TaskScript s, DateOnly date) => s.Random.Chance(70) ? Iso(date) : date.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
