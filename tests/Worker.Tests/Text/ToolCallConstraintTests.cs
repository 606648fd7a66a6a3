using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Output;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Tests.Text;

public sealed class ToolCallConstraintTests
{
    private const string Wide =
        """
        {"type": "object", "required": ["name", "size", "tags", "where"], "properties": {
          "name": {"type": "string"}, "note": {"type": "string", "description": "may be left out"}, "size": {"type": "integer"}, "ratio": {"type": "number"},
          "on": {"type": "boolean"}, "colour": {"enum": ["red", "reddish", "grün", 1, 10, null]}, "tags": {"type": "array", "items": {"type": "string"}},
          "where": {"type": "object", "properties": {"x": {"type": "number"}, "y": {"type": ["integer", "null"]}}, "required": ["y"]},
          "free": {}, "rest": {"type": "object"}, "list": {"type": "array"}, "fixed": {"const": {"a": [1, "b"]}}, "ü\"k": {"type": "null"}}}
        """;

    private static readonly BpeTokenizer Tiny = TinyModelFolder.Text.Tokenizer;
    private static readonly BpeTokenizer Merged = BpeTokenizer.Parse(BpeTokenizerTests.Golden("llama-like.json"));

    private static readonly OutputForms TinyForms = new(Tiny);
    private static readonly OutputForms MergedForms = new(Merged);

    [Fact]
    public void One_string_takes_exactly_as_many_sampled_tokens_as_asked()
    {
        const string head = "<tool_call>\n{\"name\": \"act\", \"arguments\": {\"text\": \"";
        int headTokens = Tiny.Encode(head, parseAdded: true).Length;
        for (int n = 1; n <= 200; n++)
        {
            Output output = Run(Tiny, Specs.Forced(Specs.OneString, n, n), new Random(n));

            Assert.Equal(n, output.Sampled.Count);
            Assert.Equal(head, Tiny.Decode(output.Tokens.Take(headTokens).ToArray()));
            Assert.Equal("\"}}\n</tool_call>", Tiny.Decode(output.Tokens.Skip(headTokens + n).ToArray()));
            Assert.Equal(Tiny.Decode([.. output.Sampled]), Encoding.UTF8.GetString([.. output.Sampled.Select(id => (byte)id)]));
            Assert.DoesNotContain('\uFFFD', ArgumentsOf(output, Tiny, Specs.Forced(Specs.OneString, n, n)));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(40)]
    [InlineData(400)]
    public void Random_choices_give_json_that_fits_the_schema(int max)
    {
        using JsonDocument schema = JsonDocument.Parse(Wide);
        for (int seed = 0; seed < 24; seed++)
        {
            foreach (BpeTokenizer tokenizer in (BpeTokenizer[])[Tiny, Merged])
            {
                SegmentSpec spec = Specs.Forced(Wide, max, min: seed % 3 * max / 2);
                Output output = Run(tokenizer, spec, new Random((max * 1000) + seed));

                Assert.InRange(output.Sampled.Count, 0, max);
                using JsonDocument arguments = JsonDocument.Parse(ArgumentsOf(output, tokenizer, spec));
                JsonSchemaCheck.Holds(schema.RootElement, arguments.RootElement);
            }
        }
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"type\": \"object\"}")]
    [InlineData("{\"type\": \"object\", \"properties\": {}}")]
    [InlineData("{\"anyOf\": [{\"$ref\": \"http://localhost/x\"}]}")]
    [InlineData("{\"properties\": {\"a\": {\"enum\": []}, \"b\": {\"type\": \"mystery\"}, \"c\": true}, \"required\": [\"c\", 5, \"absent\"]}")]
    [InlineData("{\"type\": \"object\", \"properties\": {\"only\": {\"enum\": [\"x\"]}}}")]
    [InlineData("{\"type\": \"object\", \"properties\": {\"n\": {\"type\": \"object\"}, \"m\": {\"type\": \"array\", \"items\": {\"type\": \"object\"}}}, \"required\": [\"n\", \"m\"]}")]
    public void Schema_without_much_to_say_gives_an_object(string parameters)
    {
        for (int seed = 0; seed < 40; seed++)
        {
            SegmentSpec spec = Specs.Forced(parameters, 1 + (seed * 3), seed);
            using JsonDocument arguments = JsonDocument.Parse(ArgumentsOf(Run(Tiny, spec, new Random(seed)), Tiny, spec));
            Assert.Equal(JsonValueKind.Object, arguments.RootElement.ValueKind);
        }
    }

    [Fact]
    public void Required_samples_the_name_among_the_declared_ones()
    {
        var seen = new HashSet<string>();
        for (int seed = 0; seed < 60; seed++)
        {
            SegmentSpec spec = Specs.Required(1 + (seed % 9), 0, ("find", Specs.OneString), ("find_all", "{}"), ("go", Specs.OneString));
            Output output = Run(Tiny, spec, new Random(seed));
            ParsedCall call = Assert.Single(Read(output, Tiny, spec).Calls);
            seen.Add(call.Name);
        }
        Assert.Equal(["find", "find_all", "go"], seen.Order());
    }

    [Fact]
    public void Replay_of_any_beginning_reaches_the_same_state()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            SegmentSpec spec = Specs.Forced(Wide, 60, 20);
            Output output = Run(Tiny, spec, new Random(seed));
            for (int cut = 0; cut <= output.Tokens.Count; cut += 3 + (seed % 5))
            {
                IOutputConstraint again = TinyForms.Create(spec)!;
                foreach (int token in output.Tokens.Take(cut))
                    Assert.True(again.Accept(token));
                // From here on, the same choices give the same rest.
                var tokens = new List<int>(output.Tokens.Take(cut));
                while (!again.Complete)
                {
                    int next = again.Forced.Length > 0 ? again.Forced[0] : output.Tokens[tokens.Count];
                    Assert.True(again.Accept(next));
                    tokens.Add(next);
                }
                Assert.Equal(output.Tokens, tokens);
                Assert.Equal(output.Sampled.Count, again.Sampled);
            }
        }
    }

    [Fact]
    public void Token_that_does_not_fit_is_refused()
    {
        IOutputConstraint constraint = TinyForms.Create(Specs.Forced(Specs.OneString, 3))!;

        Assert.False(constraint.Accept('x'));
        while (constraint.Forced.Length > 0)
            Assert.True(constraint.Accept(constraint.Forced[0]));
        Assert.False(constraint.Accept('\n'));
        Assert.False(constraint.Accept(256));
        Assert.False(constraint.Accept(262));
        Assert.False(constraint.Accept(-1));
        Assert.False(constraint.Accept(100_000));
        Assert.False(constraint.Accept(0xF0)); // Four bytes, and only three tokens left.
        Assert.True(constraint.Accept(0xE2));
    }

    [Fact]
    public void Quote_is_masked_until_the_least_number_of_tokens_is_sampled()
    {
        IOutputConstraint constraint = TinyForms.Create(Specs.Forced(Specs.OneString, 10, 4))!;
        while (constraint.Forced.Length > 0)
            constraint.Accept(constraint.Forced[0]);
        var open = new List<bool>();
        for (int i = 0; i < 6; i++)
        {
            var logits = new float[300];
            constraint.Mask(logits);
            open.Add(float.IsNegativeInfinity(logits['"']));
            Assert.Equal(0, logits['a']);
            Assert.All(logits[256..], logit => Assert.Equal(float.NegativeInfinity, logit));
            Assert.True(constraint.Accept('a'));
        }
        Assert.Equal([true, true, true, true, false, false], open);
    }

    [Fact]
    public void Free_output_has_no_constraint_and_unknown_tools_are_refused()
    {
        OutputForms forms = TinyForms;

        Assert.Null(forms.Create(Specs.Plain()));
        Assert.Null(forms.Create(Specs.Auto("f")));
        Assert.Throws<TextException>(() => forms.Create(Specs.Forced("{}", 5) with { ToolName = "other" }));
        Assert.Throws<TextException>(() => forms.Create(Specs.Forced("{}", 5) with { ToolMode = ToolMode.Required, ToolsJson = "[]" }));
        Assert.Throws<TextException>(() => forms.Create(Specs.Forced("{\"properties\": {\"\\ud800\": {}}}", 5)));
    }

    [Fact]
    public void Deep_and_wide_schemas_are_handled()
    {
        string deep = string.Concat(Enumerable.Repeat("{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":", 25)) + "{}" + new string('}', 50);
        string wide = "{\"type\":\"object\",\"properties\":{" + string.Join(",", Enumerable.Range(0, 500).Select(i => $"\"p{i}\":{{\"type\":\"object\",\"properties\":{{\"q\":{{}},\"r\":{{}}}}}}")) + "}}";
        foreach (string schema in (string[])[deep, wide])
        {
            SegmentSpec spec = Specs.Forced(schema, 50);
            using JsonDocument arguments = JsonDocument.Parse(ArgumentsOf(Run(Tiny, spec, new Random(1)), Tiny, spec));
            Assert.Equal(JsonValueKind.Object, arguments.RootElement.ValueKind);
        }
    }

    /// <summary>Generates under the constraint from random logits, as the engine does: forced tokens are fed, others drawn where the mask leaves them.</summary>
    private static Output Run(BpeTokenizer tokenizer, SegmentSpec spec, Random random)
    {
        IOutputConstraint constraint = (tokenizer == Tiny ? TinyForms : MergedForms).Create(spec)!;
        var output = new Output([], []);
        var logits = new float[tokenizer.Size + 7];
        while (!constraint.Complete)
        {
            if (constraint.Forced.Length > 0)
            {
                output.Tokens.Add(constraint.Forced[0]);
                Assert.True(constraint.Accept(constraint.Forced[0]));
                continue;
            }
            for (int id = 0; id < logits.Length; id++)
                logits[id] = random.NextSingle() + (id is '"' or '}' or '\\' or ',' ? random.NextSingle() : 0);
            constraint.Mask(logits);
            int best = Array.IndexOf(logits, logits.Max());
            Assert.False(float.IsNegativeInfinity(logits[best]), "The mask leaves nothing.");
            output.Tokens.Add(best);
            output.Sampled.Add(best);
            Assert.True(constraint.Accept(best));
            Assert.Equal(output.Sampled.Count, constraint.Sampled);
        }
        Assert.True(output.Sampled.Count <= spec.MaxOutputTokens);
        return output;
    }

    private static OutputReader Read(Output output, BpeTokenizer tokenizer, SegmentSpec spec)
    {
        var reader = new OutputReader(tokenizer, spec);
        var deltas = new List<OutputDelta>();
        foreach (int token in output.Tokens)
            reader.Push(token, deltas);
        reader.Finish(deltas);
        string streamed = string.Concat(deltas.OfType<OutputDelta.ArgumentsAdded>().Select(delta => delta.Text));
        Assert.Equal(streamed, string.Concat(reader.Calls.Select(call => call.Arguments)));
        Assert.Equal("", reader.Text);
        return reader;
    }

    private static string ArgumentsOf(Output output, BpeTokenizer tokenizer, SegmentSpec spec)
    {
        ImmutableArray<ParsedCall> calls = Read(output, tokenizer, spec).Calls;
        Assert.True(calls.Length == 1, "Not a call: " + tokenizer.Decode([.. output.Tokens], keepSpecial: true));
        return calls[0].Arguments;
    }

    private sealed record Output(List<int> Tokens, List<int> Sampled);
}
