using Astraea.Models.Tasks.Demo;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks.Domains;

/// <summary>What needs no tool.</summary>
internal static class Talk
{
    private static readonly (string[] Said, string Answer)[] _small =
    [
        (["Hello!", "Hi!", "Hello there.", "Good morning!", "Good evening.", "Hey!", "Hi there!"], "Hello! How can I help you?"),
        (["Thanks!", "Thank you.", "Many thanks.", "Great, thanks.", "Thanks a lot!", "Thank you very much!", "That helps, thanks."], "You are welcome."),
        (["Who are you?", "What are you?", "What is your name?", "Who am I talking to?", "Tell me who you are.", "And who are you?"], "I am Astraea, a small assistant that calls tools."),
        (["Goodbye.", "Bye!", "See you.", "That is all, bye.", "Bye for now!", "Good night!"], "Goodbye!"),
    ];

    public static void Small(TaskScript s, DemoTools t)
    {
        var (said, answer) = s.Random.Pick(_small);
        s.User(said);
        s.Answer(answer);
    }

    public static void ThenThanks(TaskScript s, DemoTools t)
    {
        Weather.Temperature(s, t);
        var (said, answer) = _small[1];
        s.User(said);
        s.Answer(answer);
    }

    public static void WhichTools(TaskScript s, DemoTools t)
    {
        if (s.Random.Chance(85))
            s.Offer(s.Random.Shuffled(t.All).Take(s.Random.Between(1, 4)));
        s.User(["What can you do?", "Which tools do you have?", "What tools can you call?", "Which functions can you call?", "What are your tools?", "How can you help me?", "List your tools."]);
        s.Others = [];
        s.AnswerOf(tools => tools.Count == 0 ? "I have no tools." : $"I can call {string.Join(", ", tools.Select(tool => tool.Name))}.");
    }

    public static void NothingFits(TaskScript s, DemoTools t)
    {
        AgentTool[] tools = s.Random.Shuffled(t.All);
        (string Tool, string[] Said)[] wanted =
        [
            ("get_weather", ["What is the weather like in {0}?", "How warm is it in {0}?", "Weather in {0}?", "Tell me the weather in {0}.", "What's the weather like in {0}?", "Is it raining in {0}?"]),
            ("check_stock", ["How many {1} do we have?", "What does the {1} cost?", "Where is the {1}?", "Price of {1}?", "How many {1} are in stock?", "Is there any {1} left?"]),
            ("calculate", ["What is {2} plus {3}?", "Multiply {2} by {3}.", "How much is {2} - {3}?", "Divide {2} by {3}.", "Add {2} and {3}.", "What is {2} times {3}?"]),
            ("book_trip", ["Book trip TR-{2} for {4}.", "Get {4} a seat on TR-{2}.", "Please book {4} on trip TR-{2}.", "{4} wants to go on TR-{2}. Book it.", "Book {4} on TR-{2}.", "I need a seat on TR-{2} for {4}."]),
            ("city_facts", ["How many people live in {0}?", "Which country is {0} in?", "Population of {0}?", "What do people pay with in {0}?", "What is the population of {0}?", "Where is {0}?"]),
        ];
        var (tool, said) = s.Random.Pick(wanted);
        string[] related = tool == "book_trip" ? [tool, "find_trips", "cancel_booking"] : tool == "check_stock" ? [tool, "order_item"] : [tool];
        s.Offer(tools.Where(other => !related.Contains(other.Name)).Take(s.Random.Between(0, 3)));
        s.Others = [];
        s.User(said, s.Values.City(), s.Values.Item(), s.Random.Between(1000, 9999), s.Random.Between(2, 999), s.Values.Person());
        s.Answer("Sorry, I have no tool for that.");
    }

    public static void Repeat(TaskScript s, DemoTools t)
    {
        string text = s.Random.Chance(50) ? s.Values.LongCode() : s.Values.Sentence(4, 12);
        s.User(["Repeat after me: {0}", "Say exactly this: {0}", "Please repeat: {0}", "Copy this: {0}", "Repeat this: {0}", "Write this back to me: {0}"], text);
        s.Answer(text);
    }
}
