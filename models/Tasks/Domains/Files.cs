using Astraea.Models.Tasks.Demo;

namespace Astraea.Models.Tasks.Domains;

/// <summary>Small text files: words are found, lines are quoted.</summary>
internal static class Files
{
    public static void Search(TaskScript s, DemoTools t, DemoData data)
    {
        s.Offer(t.SearchFile, t.ReadLine);
        string file = s.Values.File();
        string word = s.Random.Pick(s.Random.Pick(data.Lines(file)).Split(' '));
        s.User(["Which line of {0} has the word {1}?", "Search {0} for {1}.", "Where in {0} does it say {1}?", "Look for {1} in {0}.", "Find {1} in {0}.", "Find the word {1} in {0}.", "In {0}, where is {1}?"], file, word);
        var result = s.Call("search_file", ("file", file), ("word", word));
        s.Answer($"Line {Calls.Show(result["line"])}: \"{Calls.Show(result["text"])}\"");
    }

    public static void Missing(TaskScript s, DemoTools t, DemoData data)
    {
        s.Offer(t.SearchFile, t.ReadLine);
        string file = s.Values.File();
        bool line = s.Random.Chance(50);
        if (line)
        {
            int number = data.Lines(file).Length + s.Random.Between(1, 50);
            s.User(_quote, number, file);
            s.Apologise(s.Call("read_line", ("file", file), ("line", number)));
            return;
        }
        string word;
        do
            word = s.Values.Invented();
        while (data.Lines(file).Any(text => text.Contains(word, StringComparison.OrdinalIgnoreCase)));
        s.User(["Which line of {0} has the word {1}?", "Search {0} for {1}.", "Where in {0} does it say {1}?", "Look for {1} in {0}.", "Find {1} in {0}.", "Find the word {1} in {0}."], file, word);
        s.Apologise(s.Call("search_file", ("file", file), ("word", word)));
    }

    public static void Quote(TaskScript s, DemoTools t, DemoData data)
    {
        s.Offer(t.ReadLine, t.SearchFile);
        string file = s.Values.File();
        int lines = data.Lines(file).Length, line = s.Random.Between(1, lines);
        s.User(_quote, line, file);
        Say(s, file, line);
        if (s.Random.Chance(60))
            return;
        int other = s.Random.Between(1, lines);
        s.User(["And line {0}?", "What about line {0}?", "And what does line {0} say?", "Now line {0}.", "Line {0}, too.", "And in line {0}?"], other);
        Say(s, file, other);
    }

    public static void Last(TaskScript s, DemoTools t)
    {
        s.Offer(t.ReadLine, t.CountLines);
        string file = s.Values.File();
        s.User(["What is the last line of {0}?", "Quote the last line of {0}.", "How does {0} end?", "Read me the last line of {0}.", "What does the last line of {0} say?", "What does {0} say at the end?"], file);
        int lines = (int)s.Call("count_lines", ("file", file))["lines"]!;
        Say(s, file, lines);
    }

    public static void Length(TaskScript s, DemoTools t)
    {
        s.Offer(t.CountLines, t.ReadLine);
        string file = s.Values.File();
        s.User(["How many lines has {0}?", "How long is {0}?", "Count the lines of {0}.", "Number of lines in {0}?", "How many lines are there in {0}?", "Tell me how many lines {0} has."], file);
        s.Answer($"The file has {Calls.Show(s.Call("count_lines", ("file", file))["lines"])} lines.");
    }

    private static readonly string[] _quote =
    [
        "What does line {0} of {1} say?", "Read line {0} of {1}.", "Quote line {0} of {1}.", "Show me line {0} in {1}.", "What is in line {0} of {1}?", "Give me line {0} of {1}.", "In {1}, what does line {0} say?",
    ];

    private static void Say(TaskScript s, string file, int line) =>
        s.Answer($"Line {line}: \"{Calls.Show(s.Call("read_line", ("file", file), ("line", line))["text"])}\"");
}
