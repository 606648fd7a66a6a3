using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Output;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Tests.Text;

public sealed class StructuredOutputTests
{
    private static readonly BpeTokenizer[] Tokenizers =
    [
        TinyModelFolder.Text.Tokenizer, BpeTokenizer.Parse(BpeTokenizerTests.Golden("llama-like.json")), BpeTokenizer.Parse(BpeTokenizerTests.Golden("llama2-like.json")),
    ];

    private static readonly OutputForms[] Forms = [.. Tokenizers.Select(tokenizer => new OutputForms(tokenizer))];

    [Fact]
    public void Whatever_a_model_draws_is_valid_under_random_schemas()
    {
        int made = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            JsonElement schema = new RandomSchema(random).Next();
            var validator = new SchemaValidator(schema);
            int max = (int[])[0, 1, 5, 30, 200] switch { var sizes => sizes[seed % 5] };
            string output = Run(seed % 3, Format(schema, max), random);
            try
            {
                using JsonDocument value = JsonDocument.Parse(output);
                Assert.True(validator.Check(value.RootElement) is not { } wrong, $"seed {seed}: {schema.GetRawText()}\n{output}\n{validator.Check(value.RootElement)}");
            }
            catch (JsonException e)
            {
                Assert.Fail($"seed {seed}: {schema.GetRawText()}\n{output}\n{e.Message}");
            }
            made++;
        }
        Assert.Equal(400, made);
    }

    [Theory]
    [InlineData("""{"type": "object", "properties": {"n": {"type": "integer", "minimum": 17, "maximum": 17}}, "required": ["n"]}""", """{"n": 17}""")]
    [InlineData("""{"type": "array", "items": {"type": "number", "minimum": -0.5, "exclusiveMaximum": 0}, "minItems": 1, "maxItems": 1}""", null)]
    [InlineData("""{"type": "array", "items": {"type": "string", "pattern": "^ab{3}$"}, "minItems": 2, "maxItems": 2}""", """["abbb", "abbb"]""")]
    [InlineData("""{"type": "object", "properties": {}, "additionalProperties": false}""", "{}")]
    [InlineData("""{"type": "object", "properties": {"a": {"$ref": "#/properties/b"}, "b": {"const": [1, {"x": null}]}}, "required": ["a"], "additionalProperties": false}""", null)]
    public void Narrow_schemas_leave_little_to_draw(string schema, string? expected)
    {
        using JsonDocument document = JsonDocument.Parse(schema);
        for (int seed = 0; seed < 20; seed++)
        {
            string output = Run(seed % 3, Format(document.RootElement, seed * 3), new Random(seed));
            using JsonDocument value = JsonDocument.Parse(output);
            Assert.Null(new SchemaValidator(document.RootElement).Check(value.RootElement));
            Assert.Equal(expected ?? output, output);
        }
    }

    [Fact]
    public void Any_object_is_made_when_only_an_object_is_asked_for()
    {
        for (int seed = 0; seed < 60; seed++)
        {
            SegmentSpec spec = Specs.Plain() with { FormatJson = "{}", MaxOutputTokens = 1 + (seed * 2) };
            using JsonDocument value = JsonDocument.Parse(Run(seed % 3, spec, new Random(seed)));
            Assert.Equal(JsonValueKind.Object, value.RootElement.ValueKind);
        }
    }

    [Theory]
    [InlineData("""{"type": "string"}""", "body.schema: at the top, 'type' must be 'object' or 'array'")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "mystery"}}}""", "body.schema.properties.a.type: \"mystery\" is not a type")]
    [InlineData("""{"type": "object", "properties": {"a": {"not": {}}}}""", "body.schema.properties.a.not: this keyword is not supported")]
    [InlineData("""{"type": "object", "properties": {"a": {"$ref": "https://example.org/x.json"}}}""", "body.schema.properties.a.$ref: 'https://example.org/x.json' does not lead into this schema")]
    [InlineData("""{"type": "object", "properties": {"a": {"$ref": "#/$defs/gone"}}}""", "body.schema.properties.a.$ref: '#/$defs/gone' leads nowhere")]
    [InlineData("""{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}""", "body.schema: no finite value fits")]
    [InlineData("""{"$ref": "#"}""", "no finite value fits")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string", "pattern": "(?=x)y"}}}""", "body.schema.properties.a.pattern: the pattern cannot be used at character 2")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string", "pattern": "^[ab]*a[ab]{12}$"}}}""", "body.schema.properties.a.pattern: the pattern takes more than 2000 states")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string", "pattern": "((x{1000}){1000}){1000}"}}}""", "body.schema.properties.a.pattern: the pattern takes more than 20000 edges")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string", "pattern": "^a$", "minLength": 2}}}""", "body.schema.properties.a.pattern: no ASCII text fits")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "string", "format": "iri"}}}""", "body.schema.properties.a.format: this format is not supported")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "integer", "minimum": 3, "maximum": 2}}}""", "body.schema.properties.a: no number lies within the bounds")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "array", "minItems": 3, "maxItems": 2}}}""", "body.schema.properties.a.minItems: it is above 'maxItems'")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "array", "items": {"type": "array", "minItems": 1000, "items": {"type": "string", "minLength": 1000}}, "minItems": 1000}}, "required": ["a"]}""", "the smallest value has more than")]
    [InlineData("""{"type": "object", "properties": {"a": {"oneOf": [{"type": "integer"}, {"type": "number"}]}}}""", "body.schema.properties.a.oneOf: alternatives 0 and 1 may fit the same value")]
    [InlineData("""{"type": "object", "required": ["b"], "properties": {"a": {}}, "additionalProperties": false}""", "body.schema.required: 'b' is required")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "integer", "enum": ["x"]}}}""", "body.schema.properties.a.enum: no value of the right type is given")]
    public void What_cannot_be_followed_is_refused_by_its_place(string schema, string expected)
    {
        using JsonDocument document = JsonDocument.Parse(schema);

        TextException error = Assert.Throws<TextException>(() => Forms[0].Create(Format(document.RootElement, 10)));

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Strict_tools_follow_their_schema_wholly_or_are_refused()
    {
        const string parameters = """{"type": "object", "properties": {"when": {"type": "string", "format": "date"}, "count": {"type": "integer", "minimum": 1, "maximum": 12}}, "required": ["when", "count"], "additionalProperties": false}""";
        using JsonDocument schema = JsonDocument.Parse(parameters);
        for (int seed = 0; seed < 30; seed++)
        {
            SegmentSpec spec = Strict(parameters, 40);
            string output = Run(seed % 3, spec, new Random(seed));
            using JsonDocument call = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..(output.LastIndexOf('}') + 1)]);
            Assert.Null(new SchemaValidator(schema.RootElement).Check(call.RootElement.GetProperty("arguments")));
        }
        TextException error = Assert.Throws<TextException>(() => Forms[0].Create(Strict("""{"type": "object", "properties": {"a": {"patternProperties": {}}}}""", 5)));
        Assert.Contains("tools[0].function.parameters.properties.a.patternProperties", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Masks_inside_strings_are_those_of_walking_every_token()
    {
        // A limit that is never reached takes the slow way.
        const string fast = """{"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}""";
        const string slow = """{"type": "object", "properties": {"a": {"type": "string", "maxLength": 100000}}, "required": ["a"]}""";
        using JsonDocument one = JsonDocument.Parse(fast), two = JsonDocument.Parse(slow);
        for (int t = 0; t < Tokenizers.Length; t++)
        {
            IOutputConstraint a = Forms[t].Create(Format(one.RootElement, 50))!, b = Forms[t].Create(Format(two.RootElement, 50))!;
            var random = new Random(t);
            while (!a.Complete)
            {
                Assert.Equal(a.Forced.ToArray(), b.Forced.ToArray());
                if (a.Forced.Length > 0)
                {
                    int fed = a.Forced[0];
                    Assert.True(a.Accept(fed) && b.Accept(fed));
                    continue;
                }
                float[] left = new float[Tokenizers[t].Size], right = new float[Tokenizers[t].Size];
                a.Mask(left);
                b.Mask(right);
                Assert.Equal(left, right);
                int[] allowed = [.. Enumerable.Range(0, left.Length).Where(id => left[id] == 0)];
                int token = allowed[random.Next(allowed.Length)];
                Assert.True(a.Accept(token) && b.Accept(token));
            }
            Assert.True(b.Complete);
        }
    }

    private static SegmentSpec Format(JsonElement schema, int max) =>
        Specs.Plain() with { FormatJson = $$"""{"place": "body.schema", "schema": {{schema.GetRawText()}}}""", MaxOutputTokens = max };

    private static SegmentSpec Strict(string parameters, int max) => Specs.Forced("{}", max) with
    {
        ToolsJson = $$$"""[{"type": "function", "function": {"name": "act", "strict": true, "parameters": {{{parameters}}}}}]""",
    };

    /// <summary>Draws from random logits under the constraint, as an untrained model would, and decodes.</summary>
    private static string Run(int tokenizer, SegmentSpec spec, Random random)
    {
        IOutputConstraint constraint = Forms[tokenizer].Create(spec)!;
        var tokens = new List<int>();
        var logits = new float[Tokenizers[tokenizer].Size];
        while (!constraint.Complete)
        {
            int token;
            if (constraint.Forced.Length > 0)
                token = constraint.Forced[0];
            else
            {
                for (int id = 0; id < logits.Length; id++)
                    logits[id] = random.NextSingle() + (Tokenizers[tokenizer].Bytes(id).IndexOfAny("\"}],"u8) >= 0 ? random.NextSingle() : 0);
                constraint.Mask(logits);
                token = Array.IndexOf(logits, logits.Max());
                Assert.False(float.IsNegativeInfinity(logits[token]), "The mask leaves nothing.");
            }
            tokens.Add(token);
            Assert.True(constraint.Accept(token));
        }
        Assert.True(constraint.Sampled <= spec.MaxOutputTokens);
        return Tokenizers[tokenizer].Decode([.. tokens], keepSpecial: true);
    }
}
