using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Text;

/// <summary>The textual files of a Hugging Face model folder.</summary>
/// <param name="Tokenizer">From <c>tokenizer.json</c>.</param>
/// <param name="Template">From <c>chat_template.jinja</c>, else <c>tokenizer_config.json</c>.</param>
/// <param name="ToolTemplate">The template for conversations with tools, where the folder has one of its own.</param>
/// <param name="Named">Texts templates know by name.</param>
/// <param name="EndTokens">Ids that end an answer: of <c>config.json</c>, <c>generation_config.json</c> and the tokenizer's end token.</param>
/// <param name="ContextTokensMax">Longest context (tokens).</param>
internal sealed record ModelFolder(
    BpeTokenizer Tokenizer,
    string Template,
    string ToolTemplate,
    ImmutableDictionary<string, string> Named,
    ImmutableArray<int> EndTokens,
    int ContextTokensMax)
{
    public static ModelFolder Read(string folder)
    {
        string tokenizerPath = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(tokenizerPath))
            throw new TextException($"There is no tokenizer.json in the model folder {folder}.");
        BpeTokenizer tokenizer = BpeTokenizer.Parse(File.ReadAllBytes(tokenizerPath));
        JsonElement config = ReadJson(folder, "config.json") ?? throw new TextException($"There is no config.json in the model folder {folder}.");
        JsonElement? tokenizerConfig = ReadJson(folder, "tokenizer_config.json");
        var named = ImmutableDictionary<string, string>.Empty;
        foreach (string name in (string[])["bos_token", "eos_token", "pad_token", "unk_token"])
        {
            if (TokenText(tokenizerConfig, name) is { } text)
                named = named.Add(name, text);
        }
        var (template, toolTemplate) = ReadTemplates(folder, tokenizerConfig);
        return new ModelFolder(tokenizer, template, toolTemplate, named, ReadEndTokens(folder, config, tokenizer, named), ReadContext(config));
    }

    private static (string Template, string ToolTemplate) ReadTemplates(string folder, JsonElement? tokenizerConfig)
    {
        string path = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(path))
        {
            string text = File.ReadAllText(path);
            return (text, text);
        }
        if (tokenizerConfig is { } config && config.TryGetProperty("chat_template", out JsonElement template))
        {
            if (template.ValueKind == JsonValueKind.String)
                return (template.GetString()!, template.GetString()!);
            if (template.ValueKind == JsonValueKind.Array && TemplateOf(template, "default") is { } main)
                return (main, TemplateOf(template, "tool_use") ?? main);
        }
        throw new TextException($"The model folder {folder} has no chat template: neither chat_template.jinja nor chat_template in tokenizer_config.json.");
    }

    private static string? TemplateOf(JsonElement templates, string name)
    {
        foreach (JsonElement entry in templates.EnumerateArray())
        {
            if (entry.ValueKind == JsonValueKind.Object && Text(entry, "name") == name)
                return Text(entry, "template");
        }
        return null;
    }

    private static ImmutableArray<int> ReadEndTokens(
        string folder, JsonElement config, BpeTokenizer tokenizer, ImmutableDictionary<string, string> named)
    {
        var ids = new SortedSet<int>();
        foreach (JsonElement? file in (JsonElement?[])[config, ReadJson(folder, "generation_config.json")])
        {
            if (file is not { ValueKind: JsonValueKind.Object } section || !section.TryGetProperty("eos_token_id", out JsonElement end))
                continue;
            JsonElement[] entries = end.ValueKind == JsonValueKind.Array ? [.. end.EnumerateArray()] : [end];
            foreach (JsonElement entry in entries)
            {
                if (entry.ValueKind == JsonValueKind.Number && entry.TryGetInt32(out int id))
                    ids.Add(id);
            }
        }
        if (named.TryGetValue("eos_token", out string? text) && tokenizer.IdOf(text) is { } own)
            ids.Add(own);
        return ids.Count > 0 ? [.. ids] : throw new TextException($"The model folder {folder} names no end token (eos_token_id).");
    }

    private static int ReadContext(JsonElement config) =>
        config.TryGetProperty("max_position_embeddings", out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int tokens) && tokens > 0
            ? tokens
            : throw new TextException("config.json: max_position_embeddings must be a positive integer.");

    /// <summary>A token's text: a string, or an object with its content.</summary>
    private static string? TokenText(JsonElement? file, string name)
    {
        if (file is not { ValueKind: JsonValueKind.Object } config || !config.TryGetProperty(name, out JsonElement token))
            return null;
        return token.ValueKind == JsonValueKind.Object ? Text(token, "content") : token.ValueKind == JsonValueKind.String ? token.GetString() : null;
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement? ReadJson(string folder, string file)
    {
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new TextException($"{file} is not a JSON object.");
        }
        catch (JsonException e)
        {
            throw new TextException($"{file} is not JSON: {e.Message}", e);
        }
    }
}
