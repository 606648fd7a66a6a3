using System.Text;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Models.Output;

namespace Astraea.Worker.Tests.Text;

public sealed class OutputReaderTests
{
    private const string Call = "<tool_call>\n{\"name\": \"find\", \"arguments\": {\"text\": \"a } \\\" </tool_call> ü\"}}\n</tool_call>";
    private const string CallArguments = "{\"text\": \"a } \\\" </tool_call> ü\"}";

    [Theory]
    [InlineData("Let me look.\n\n" + Call + "\n" + Call + "\n", "Let me look.", 2)]
    [InlineData(Call + "done", "done", 1)]
    [InlineData(Call + "\n and then", "\n and then", 1)]
    [InlineData("just text \n ", "just text \n ", 0)]
    [InlineData("a <tool_cal b", "a <tool_cal b", 0)]
    [InlineData("a <tool_call> b", "a <tool_call> b", 0)]
    [InlineData("<tool_call>{\"name\": \"other\", \"arguments\": {}}</tool_call>", "<tool_call>{\"name\": \"other\", \"arguments\": {}}</tool_call>", 0)]
    [InlineData("<tool_call>{\"name\": \"find\", \"arguments\": [1]}</tool_call>", "<tool_call>{\"name\": \"find\", \"arguments\": [1]}</tool_call>", 0)]
    [InlineData("<tool_call>{\"name\": \"find\", oops}</tool_call>", "<tool_call>{\"name\": \"find\", oops}</tool_call>", 0)]
    [InlineData("<tool_call>{\"name\": \"find\", \"arguments\": {\"te", "<tool_call>{\"name\": \"find\", \"arguments\": {\"te", 0)]
    [InlineData("<tool_call>x" + Call, "<tool_call>x", 1)]
    [InlineData("<tool_call>" + Call, "<tool_call>", 1)]
    [InlineData("<tool_call>{}</tool_call>", "<tool_call>{}</tool_call>", 0)]
    [InlineData("<tool_call>{\"name\": \"find\"}</tool_call>", "", 1)]
    public void Calls_are_read_and_all_else_is_text(string output, string text, int calls)
    {
        OutputReader reader = Read(output, Specs.Auto("find"), out List<OutputDelta> deltas);

        Assert.Equal(text, reader.Text);
        Assert.Equal(text, string.Concat(deltas.OfType<OutputDelta.TextAdded>().Select(delta => delta.Text)));
        Assert.Equal(calls, reader.Calls.Length);
        Assert.Equal(Enumerable.Range(0, calls), deltas.OfType<OutputDelta.CallEnded>().Select(delta => delta.Index));
        Assert.Equal(Enumerable.Range(0, calls), deltas.OfType<OutputDelta.CallStarted>().Select(delta => delta.Index));
        if (output.Contains(Call, StringComparison.Ordinal))
            Assert.All(reader.Calls, call => Assert.Equal(new ParsedCall("find", CallArguments), call));
    }

    [Fact]
    public void Without_tools_a_call_is_text()
    {
        Assert.Equal(Call, Read(Call, Specs.Plain(), out _).Text);
        Assert.Empty(Read(Call, Specs.Auto("find") with { ToolMode = ToolMode.None }, out _).Calls);
    }

    [Fact]
    public void Arguments_written_as_a_string_are_the_object_in_it()
    {
        OutputReader reader = Read("<tool_call>{\"arguments\": \"{\\\"text\\\": 1}\", \"name\": \"find\"}</tool_call>", Specs.Auto("find"), out _);

        Assert.Equal(new ParsedCall("find", "{\"text\": 1}"), Assert.Single(reader.Calls));
    }

    [Theory]
    [InlineData("one two three", "one ", "two")]
    [InlineData("aab", "a", "ab")]
    [InlineData("xaby", "x", "xabz", "ab")]
    [InlineData("stop at end", "stop at ", "end")]
    [InlineData("no such text", "no such text", "suh", "texts")]
    [InlineData("tail tex", "tail tex", "text")]
    [InlineData("a😀b", "a", "😀b")]
    [InlineData("abab!", "", "abab")]
    [InlineData("aaab", "a", "aab")]
    public void Text_ends_before_a_stop_text(string output, string text, params string[] stops)
    {
        OutputReader reader = Read(output, Specs.Plain(stops), out List<OutputDelta> deltas);

        Assert.Equal(text, reader.Text);
        Assert.Equal(text != output, reader.Stopped);
        Assert.Equal(text, string.Concat(deltas.Cast<OutputDelta.TextAdded>().Select(delta => delta.Text)));
    }

    [Fact]
    public void Nothing_that_may_become_a_stop_text_is_shown_early()
    {
        var reader = new OutputReader(TinyModelFolder.Text.Tokenizer, Specs.Plain("STOP"));
        var deltas = new List<OutputDelta>();
        foreach (char c in "ab STO")
            reader.Push(c, deltas);
        Assert.Equal("ab ", reader.Text);
        reader.Push('x', deltas);
        Assert.Equal("ab STOx", reader.Text);
    }

    [Fact]
    public void Forced_arguments_are_shown_as_they_come()
    {
        var reader = new OutputReader(TinyModelFolder.Text.Tokenizer, Specs.Forced(Specs.OneString, 10));
        var deltas = new List<OutputDelta>();
        foreach (int token in TinyModelFolder.Text.Tokenizer.Encode("<tool_call>\n{\"name\": \"act\", \"arguments\": {\"text\": \"ab", parseAdded: true))
            reader.Push(token, deltas);

        Assert.Equal(new OutputDelta.CallStarted(0, "act"), deltas[0]);
        Assert.Equal("{\"text\": \"ab", string.Concat(deltas.Skip(1).Cast<OutputDelta.ArgumentsAdded>().Select(delta => delta.Text)));
        Assert.Empty(reader.Calls);
    }

    [Fact]
    public void Control_tokens_are_not_shown()
    {
        var reader = new OutputReader(TinyModelFolder.Text.Tokenizer, Specs.Plain());
        var deltas = new List<OutputDelta>();
        foreach (int token in (int[])['a', 256, 261, 'b', 256, -1, 9999])
            reader.Push(token, deltas);
        reader.Finish(deltas);

        Assert.Equal("ab", reader.Text);
    }

    [Fact]
    public void Any_cut_into_tokens_gives_the_same_deltas()
    {
        string[] parts = [Call, "<tool_call>", "</tool_call>", "{\"name\": \"find\", \"arguments\": {", "}", " \n ", "end", "e", "n", "ü😀", "\"", "\\", "text"];
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            string output = string.Concat(Enumerable.Range(0, random.Next(1, 9)).Select(_ => parts[random.Next(parts.Length)]));
            SegmentSpec spec = Specs.Auto("find") with { Stop = seed % 2 == 0 ? [] : ["end", "}\n"], ToolMode = seed % 3 == 0 ? ToolMode.Required : ToolMode.Auto };
            // The same text as bytes, and with the marks of calls as one token each.
            List<OutputDelta> bytes = Joined(output, spec, parseAdded: false), marks = Joined(output, spec, parseAdded: true);
            Assert.Equal(bytes, marks);
        }
    }

    [Fact]
    public void Hostile_output_is_read_in_reasonable_work()
    {
        string[] outputs =
        [
            string.Concat(Enumerable.Repeat("<tool_call>", 20_000)), string.Concat(Enumerable.Repeat("<tool_call>{\"", 20_000)),
            "<tool_call>" + new string('{', 100_000), new string(' ', 100_000), new string('<', 100_000), "<tool_call>" + new string(' ', 100_000) + "x",
        ];
        foreach (string output in outputs)
            Assert.Equal(output, Read(output, Specs.Auto("find"), out _).Text);
    }

    private static List<OutputDelta> Joined(string output, SegmentSpec spec, bool parseAdded)
    {
        var reader = new OutputReader(TinyModelFolder.Text.Tokenizer, spec);
        var deltas = new List<OutputDelta>();
        foreach (int token in TinyModelFolder.Text.Tokenizer.Encode(output, parseAdded))
            reader.Push(token, deltas);
        reader.Finish(deltas);
        var joined = new List<OutputDelta>();
        foreach (OutputDelta delta in deltas)
        {
            switch (joined.LastOrDefault(), delta)
            {
                case (OutputDelta.TextAdded a, OutputDelta.TextAdded b):
                    joined[^1] = new OutputDelta.TextAdded(a.Text + b.Text);
                    break;
                case (OutputDelta.ArgumentsAdded a, OutputDelta.ArgumentsAdded b):
                    joined[^1] = new OutputDelta.ArgumentsAdded(a.Index, a.Text + b.Text);
                    break;
                default:
                    joined.Add(delta);
                    break;
            }
        }
        return joined;
    }

    private static OutputReader Read(string output, SegmentSpec spec, out List<OutputDelta> deltas)
    {
        var reader = new OutputReader(TinyModelFolder.Text.Tokenizer, spec);
        deltas = [];
        foreach (byte token in Encoding.UTF8.GetBytes(output))
            reader.Push(token, deltas);
        reader.Finish(deltas);
        return reader;
    }
}
