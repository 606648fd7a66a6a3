using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>What a Hugging Face <c>tokenizer.json</c> says, checked: only byte-level BPE, and only steps this code follows exactly.</summary>
/// <param name="Vocabulary">Token text, in stand-in characters, to id.</param>
/// <param name="Merges">Pairs in rank order.</param>
/// <param name="IgnoreMerges">Whether a piece that is a token as a whole is taken without merging (Llama 3).</param>
/// <param name="AddedTokens">Tokens outside the merge vocabulary.</param>
/// <param name="NormalizeNfc">Whether text is brought to NFC first.</param>
/// <param name="Splits">Regular expressions that cut text into pieces, one after the other.</param>
/// <param name="AddPrefixSpace">Whether a space is put before each piece that has none.</param>
/// <param name="Prefix">Ids the post-processor puts before a text.</param>
/// <param name="Suffix">Ids the post-processor puts after a text.</param>
internal sealed record TokenizerFile(
    Dictionary<string, int> Vocabulary,
    List<(string Left, string Right)> Merges,
    bool IgnoreMerges,
    List<AddedToken> AddedTokens,
    bool NormalizeNfc,
    List<string> Splits,
    bool AddPrefixSpace,
    List<int> Prefix,
    List<int> Suffix)
{
    /// <summary>The pattern ByteLevel cuts with when it cuts itself (the released GPT-2 encoder).</summary>
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>No public vocabulary comes near it; it keeps a damaged file from asking for gigabytes (tokens).</summary>
    private const int VocabularyMax = 1 << 22;

    public static TokenizerFile Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new TextException($"tokenizer.json cannot be read: {e.Message}", e);
        }
    }

    private static TokenizerFile Read(JsonElement root)
    {
        JsonElement model = root.GetProperty("model");
        string type = Text(model, "type") ?? "BPE";
        if (type != "BPE")
            throw Refused("model.type", type, "only byte-level BPE is supported");
        if (Flag(model, "byte_fallback"))
            throw Refused("model.byte_fallback", "true", "SentencePiece-style BPE is not supported, only byte-level");
        foreach (string key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (Text(model, key) is { Length: > 0 } affix)
                throw Refused("model." + key, affix, "byte-level BPE has none");
        }
        if (model.TryGetProperty("dropout", out JsonElement dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() > 0)
            throw Refused("model.dropout", dropout.GetRawText(), "token ids would be random");

        var splits = new List<string>();
        bool addPrefixSpace = false, byteLevel = false;
        foreach (JsonElement step in Steps(root, "pre_tokenizer", "pretokenizers"))
            ReadPreTokenizer(step, splits, ref addPrefixSpace, ref byteLevel);
        if (!byteLevel)
            throw Refused("pre_tokenizer", Section(root, "pre_tokenizer"), "a ByteLevel step is needed");

        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (JsonProperty entry in model.GetProperty("vocab").EnumerateObject())
            vocabulary[entry.Name] = Id(entry.Value);
        List<AddedToken> added = ReadAddedTokens(root);
        var (prefix, suffix) = ReadPostProcessor(root, added);
        CheckDecoder(root);
        return new TokenizerFile(
            vocabulary, ReadMerges(model), Flag(model, "ignore_merges"), added, ReadNormalizer(root), splits, addPrefixSpace, prefix, suffix);
    }

    private static List<(string, string)> ReadMerges(JsonElement model)
    {
        var merges = new List<(string, string)>();
        if (!model.TryGetProperty("merges", out JsonElement list))
            return merges;
        foreach (JsonElement merge in list.EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2)
            {
                merges.Add((merge[0].GetString()!, merge[1].GetString()!));
                continue;
            }
            string pair = merge.ValueKind == JsonValueKind.String ? merge.GetString()! : "";
            int space = pair.IndexOf(' ', StringComparison.Ordinal);
            if (space <= 0 || space != pair.LastIndexOf(' ') || space == pair.Length - 1)
                throw new TextException($"tokenizer.json: model.merges[{merges.Count}] is not a pair: {merge.GetRawText()}");
            merges.Add((pair[..space], pair[(space + 1)..]));
        }
        return merges;
    }

    private static List<AddedToken> ReadAddedTokens(JsonElement root)
    {
        var tokens = new List<AddedToken>();
        if (!root.TryGetProperty("added_tokens", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
            return tokens;
        foreach (JsonElement token in list.EnumerateArray())
        {
            int id = Id(token.GetProperty("id"));
            if (tokens.Exists(other => other.Id == id))
                throw Refused("added_tokens", $"id {id} twice", "ids are unique");
            tokens.Add(new AddedToken(
                id, token.GetProperty("content").GetString()!, Flag(token, "special"), Flag(token, "lstrip"),
                Flag(token, "rstrip"), Flag(token, "single_word"), Flag(token, "normalized")));
        }
        return tokens;
    }

    private static int Id(JsonElement value) =>
        value.TryGetInt32(out int id) && id is >= 0 and < VocabularyMax ? id : throw Refused("a token id", value.GetRawText(), $"ids are from 0 to {VocabularyMax - 1}");

    private static bool ReadNormalizer(JsonElement root)
    {
        bool nfc = false;
        foreach (JsonElement step in Steps(root, "normalizer", "normalizers"))
        {
            string type = Text(step, "type") ?? "";
            if (type != "NFC")
                throw Refused("normalizer.type", type, "only NFC is supported");
            nfc = true;
        }
        return nfc;
    }

    private static void ReadPreTokenizer(JsonElement step, List<string> splits, ref bool addPrefixSpace, ref bool byteLevel)
    {
        string type = Text(step, "type") ?? "";
        if (byteLevel)
            throw Refused("pre_tokenizer", type, "no step may follow ByteLevel");
        switch (type)
        {
            case "ByteLevel":
                byteLevel = true;
                addPrefixSpace = Flag(step, "add_prefix_space");
                if (addPrefixSpace && splits.Count > 0)
                    throw Refused("pre_tokenizer.add_prefix_space", "true", "behind a Split it would put a space before every piece");
                if (!step.TryGetProperty("use_regex", out JsonElement useRegex) || useRegex.ValueKind != JsonValueKind.False)
                    splits.Add(ByteLevelPattern);
                break;
            case "Split":
                JsonElement pattern = step.GetProperty("pattern");
                string behavior = Text(step, "behavior") ?? "Isolated";
                // Removing what lies outside the matches, as some conversions write it, loses nothing when the pattern covers everything; ours keeps gaps.
                if (behavior != "Isolated" && !(behavior == "Removed" && Flag(step, "invert")))
                    throw Refused("pre_tokenizer.behavior", behavior, "only Isolated is supported");
                splits.Add(Text(pattern, "Regex") ?? System.Text.RegularExpressions.Regex.Escape(
                    Text(pattern, "String") ?? throw Refused("pre_tokenizer.pattern", pattern.GetRawText(), "neither Regex nor String")));
                break;
            default:
                throw Refused("pre_tokenizer.type", type, "only Split and ByteLevel are supported");
        }
    }

    /// <summary>Reads which ids the post-processor adds. A chat template writes its own, so only plain texts use them.</summary>
    private static (List<int> Prefix, List<int> Suffix) ReadPostProcessor(JsonElement root, List<AddedToken> added)
    {
        var prefix = new List<int>();
        var suffix = new List<int>();
        foreach (JsonElement step in Steps(root, "post_processor", "processors"))
        {
            string type = Text(step, "type") ?? "";
            if (type == "ByteLevel")
                continue; // Trims offsets only.
            if (type != "TemplateProcessing")
                throw Refused("post_processor.type", type, "only ByteLevel and TemplateProcessing are supported");
            List<int> side = prefix;
            foreach (JsonElement part in step.GetProperty("single").EnumerateArray())
            {
                if (part.TryGetProperty("Sequence", out _))
                {
                    side = suffix;
                    continue;
                }
                string name = part.GetProperty("SpecialToken").GetProperty("id").GetString()!;
                AddedToken? token = added.Find(token => token.Content == name);
                side.Add(token?.Id ?? throw Refused("post_processor.single", name, "no such added token"));
            }
        }
        return (prefix, suffix);
    }

    private static void CheckDecoder(JsonElement root)
    {
        foreach (JsonElement step in Steps(root, "decoder", "decoders"))
        {
            if (Text(step, "type") is var type && type != "ByteLevel")
                throw Refused("decoder.type", type ?? "", "only ByteLevel is supported");
        }
    }

    /// <summary>The steps of a section: none, one, or those of a Sequence.</summary>
    private static List<JsonElement> Steps(JsonElement root, string section, string list)
    {
        if (!root.TryGetProperty(section, out JsonElement step) || step.ValueKind != JsonValueKind.Object)
            return [];
        return Text(step, "type") == "Sequence" ? [.. step.GetProperty(list).EnumerateArray()] : [step];
    }

    private static string Section(JsonElement root, string section) => root.TryGetProperty(section, out JsonElement value) ? Short(value.GetRawText()) : "absent";

    private static string? Text(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool Flag(JsonElement element, string key) =>
        element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.True;

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";

    private static TextException Refused(string key, string value, string why) =>
        new(new StringBuilder("tokenizer.json: ").Append(key).Append(" is ").Append(Short(value)).Append("; ").Append(why).Append('.').ToString());
}
