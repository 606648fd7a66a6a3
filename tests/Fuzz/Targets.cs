using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.ChatTemplate;
using Astraea.Worker.Models.Output.Forms;
using Astraea.Worker.Models.Output.Schemas;
using Astraea.Worker.Models.Tokenizer;
using Astraea.Worker.Models.Weights;

namespace Astraea.Fuzz;

/// <summary>A reader under test.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Seeds">Whole inputs it accepts.</param>
/// <param name="Take">Reads an input and uses what was read; true when it was accepted, false when it was refused in the agreed way.</param>
internal sealed record Target(string Name, IReadOnlyList<byte[]> Seeds, Func<byte[], bool> Take);

/// <summary>The readers.</summary>
internal static class Targets
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Target> All { get; } =
    [
        new("tokenizer", TokenizerSeeds(), Tokenizer),
        new("template", TemplateSeeds(), Template),
        new("schema", SchemaSeeds(), Schema),
        new("config", [.. Resources("config.").Select(name => Resource(name))], Config),
        new("safetensors", [Safetensors(1), Safetensors(4)], Weights),
    ];

    private static bool Tokenizer(byte[] input) => Agreed<TextException>("tokenizer.json", () =>
    {
        BpeTokenizer tokenizer = BpeTokenizer.Parse(input);
        foreach (string text in (string[])["A word, don't  worry: 2026 <s> <|im_end|>\n\tübér 你 😀\ud800", "", "   "])
            tokenizer.Decode(tokenizer.Encode(text, parseAdded: true).AsSpan(), keepSpecial: true);
    });

    private static bool Template(byte[] input) => Agreed<TextException>("hat template", () =>
        JinjaTemplate.Parse(Encoding.UTF8.GetString(input), stepsMax: 100_000, charsMax: 100_000).Render(Variables()));

    private static bool Schema(byte[] input)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(input);
        }
        catch (JsonException)
        {
            return false; // Bodies are parsed before schemas are read.
        }
        using (document)
        {
            bool lenient = Agreed<SchemaException>("body.schema", () => Complete(document.RootElement, strict: false));
            return Agreed<SchemaException>("body.schema", () => Complete(document.RootElement, strict: true)) && lenient;
        }
    }

    /// <summary>Reads a schema and completes the shortest value, which must be JSON.</summary>
    private static void Complete(JsonElement schema, bool strict)
    {
        ValueSchema read;
        FormState form;
        try
        {
            read = SchemaReader.Read(schema, "body.schema", strict, new SchemaBudget());
            form = ValueState.Of(read, Room.Whole, DoneState.Instance);
        }
        catch (InvalidOperationException e) when (e.Message.Contains("UTF-16", StringComparison.Ordinal))
        {
            return; // A lone surrogate in an escape: the request is refused by whoever calls.
        }
        List<byte> output = [];
        form.Complete(output);
        JsonDocument.Parse(output.ToArray()).Dispose();
    }

    private static bool Config(byte[] input) => Agreed<ModelFormatException>("config.json", () => ModelConfigReader.Read(input, "config.json"));

    private static bool Weights(byte[] input)
    {
        if (input.Length < 8)
            return false;
        int header = (int)Math.Min((ulong)(input.Length - 8), BinaryPrimitives.ReadUInt64LittleEndian(input));
        return Agreed<ModelFormatException>("model.safetensors", () => SafetensorsHeader.Read(input.AsSpan(8, header), input.Length - 8 - header, "model.safetensors"));
    }

    private static bool Agreed<T>(string place, Action use) where T : Exception
    {
        try
        {
            use();
            return true;
        }
        catch (T e) when (e.Message.Contains(place, StringComparison.Ordinal) || e.Message.Contains("The tokenizer's pattern", StringComparison.Ordinal))
        {
            return false;
        }
    }

    private static List<byte[]> TokenizerSeeds()
    {
        // Small vocabularies: what is damaged should often be the structure.
        List<byte[]> seeds = [];
        foreach (string name in (string[])["qwen-like.json", "llama-like.json", "llama2-like.json"])
        {
            System.Text.Json.Nodes.JsonNode root = System.Text.Json.Nodes.JsonNode.Parse(Resource(name))!;
            System.Text.Json.Nodes.JsonArray merges = root["model"]!["merges"]!.AsArray();
            while (merges.Count > 6)
                merges.RemoveAt(merges.Count - 1);
            seeds.Add(Encoding.UTF8.GetBytes(root.ToJsonString()));
        }
        return seeds;
    }

    private static List<byte[]> TemplateSeeds()
    {
        using JsonDocument golden = JsonDocument.Parse(Resource("templates.json"));
        return [.. golden.RootElement.GetProperty("templates").EnumerateObject().Select(template => Encoding.UTF8.GetBytes(template.Value.GetString()!))];
    }

    private static Dictionary<string, object?> Variables()
    {
        using JsonDocument golden = JsonDocument.Parse(s_conversation);
        var variables = (OrderedDictionary<string, object?>)TemplateValues.FromJson(golden.RootElement, text => text)!;
        return new Dictionary<string, object?>(variables, StringComparer.Ordinal) { ["strftime_now"] = StrfTime.Over(() => DateTimeOffset.UnixEpoch) };
    }

    private static readonly string s_conversation =
        """
        {"bos_token": "<s>", "eos_token": "</s>", "add_generation_prompt": true, "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "x\n😀"},
         {"role": "assistant", "content": "", "tool_calls": [{"id": "call00001", "type": "function", "function": {"name": "f", "arguments": {"a": [1, 2.5, null]}}}]},
         {"role": "tool", "content": "ok", "tool_call_id": "call00001"}],
         "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {"a": {"type": "array", "items": {"type": "number"}}}}}}]}
        """;

    private static List<byte[]> SchemaSeeds() =>
    [
        .. ((string[])
        [
            """{"type":"object","properties":{"a":{"type":"string","pattern":"^(foo|ba[rz]){2,3}\\d*$","minLength":3,"maxLength":40},"b":{"$ref":"#/$defs/tree"},"c":{"enum":["x",1,null,{"y":[2]}]}},"required":["a","b"],"additionalProperties":false,"$defs":{"tree":{"type":"object","properties":{"v":{"type":"integer","minimum":-5,"exclusiveMaximum":1000},"kids":{"type":"array","items":{"$ref":"#/$defs/tree"},"minItems":0,"maxItems":3}},"required":["v","kids"]}}}""",
            """{"type":"array","items":{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"n":{"type":"number","minimum":0.25,"maximum":0.75}},"required":["kind"]},{"type":"object","properties":{"kind":{"const":"b"},"d":{"type":"string","format":"date-time"}},"required":["kind","d"]},{"type":["null","boolean"]}]},"minItems":1}""",
            """{"type":"object","additionalProperties":{"anyOf":[{"type":"string","format":"email"},{"type":"array","items":{"type":"string","minLength":2}},{"$ref":"#"}]},"title":"map","description":"of things"}""",
            """{"type":"object","properties":{"p":{"type":"string","pattern":"[^\\w\\s]+(?:a|b?)*\\.$"},"q":{"allOf":[{"type":"string","format":"uuid"}]},"r":{"type":"integer","multipleOf":1}},"required":["p","q","r"]}""",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    private static byte[] Safetensors(int tensors)
    {
        string json = "{\"__metadata__\":{\"format\":\"pt\"}," + string.Join(",", Enumerable.Range(0, tensors).Select(i =>
            $"\"t{i}\":{{\"dtype\":\"{(i % 2 == 0 ? "F32" : "BF16")}\",\"shape\":[2,{(i % 2 == 0 ? 4 : 8)}],\"data_offsets\":[{i * 32},{(i + 1) * 32}]}}")) + "}";
        byte[] file = new byte[8 + json.Length + (tensors * 32)];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)json.Length);
        Encoding.ASCII.GetBytes(json, file.AsSpan(8));
        return file;
    }

    private static IEnumerable<string> Resources(string prefix) =>
        typeof(Targets).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    private static byte[] Resource(string name)
    {
        using Stream stream = typeof(Targets).Assembly.GetManifestResourceStream(name)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
