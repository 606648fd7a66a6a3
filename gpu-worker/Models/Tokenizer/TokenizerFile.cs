using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>What a Hugging Face <c>tokenizer.json</c> says, checked: only byte-pair encoding, and only steps this code follows exactly.</summary>
/// <param name="Vocabulary">Token text, as the file writes it, to id.</param>
/// <param name="Merges">Pairs in rank order.</param>
/// <param name="IgnoreMerges">Whether a piece that is a token as a whole is taken without merging (Llama 3).</param>
/// <param name="AddedTokens">Tokens outside the merge vocabulary.</param>
/// <param name="Normalization">What is done to text first.</param>
/// <param name="Pieces">How text is cut and written.</param>
/// <param name="Mark">What a vocabulary that is not byte-level writes a blank as.</param>
/// <param name="DropsLeadingBlank">Whether decoding drops a blank at the very beginning.</param>
/// <param name="Prefix">Ids the post-processor puts before a text.</param>
/// <param name="Suffix">Ids the post-processor puts after a text.</param>
internal sealed record TokenizerFile(
    Dictionary<string, int> Vocabulary,
    List<(string Left, string Right)> Merges,
    bool IgnoreMerges,
    List<AddedToken> AddedTokens,
    Normalization Normalization,
    PieceRules Pieces,
    char Mark,
    bool DropsLeadingBlank,
    List<int> Prefix,
    List<int> Suffix)
{
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
        string type = TokenizerJson.Text(model, "type") ?? "BPE";
        if (type != "BPE")
            throw TokenizerJson.Refused("model.type", type, "only BPE is supported");
        foreach (string key in (string[])["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (TokenizerJson.Text(model, key) is { Length: > 0 } affix)
                throw TokenizerJson.Refused("model." + key, affix, "tokens with an affix of their own are not supported");
        }
        if (model.TryGetProperty("dropout", out JsonElement dropout) && dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() > 0)
            throw TokenizerJson.Refused("model.dropout", dropout.GetRawText(), "token ids would be random");

        PieceRules pieces = PieceRules.Read(root);
        bool fallsBack = TokenizerJson.Flag(model, "byte_fallback");
        if (pieces.ByteLevel && fallsBack)
            throw TokenizerJson.Refused("model.byte_fallback", "true", "a ByteLevel vocabulary has all bytes already");
        if (!pieces.ByteLevel && !fallsBack)
            throw TokenizerJson.Refused("pre_tokenizer", TokenizerJson.Section(root, "pre_tokenizer"), "a ByteLevel step or model.byte_fallback is needed");
        if (!pieces.ByteLevel && pieces.Splits.Count > 0)
            throw TokenizerJson.Refused("pre_tokenizer.type", "Split", "it is supported only before ByteLevel");

        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        var owners = new Dictionary<int, string>();
        foreach (JsonProperty entry in model.GetProperty("vocab").EnumerateObject())
        {
            int id = Id(entry.Value);
            if (!owners.TryAdd(id, entry.Name) && owners[id] != entry.Name)
                throw TokenizerJson.Refused($"model.vocab[{JsonEncodedText.Encode(entry.Name)}]", $"{id}", $"{JsonEncodedText.Encode(owners[id])} has that id already");
            vocabulary[entry.Name] = id;
        }
        List<AddedToken> added = ReadAddedTokens(root);
        var (prefix, suffix) = ReadPostProcessor(root, added);
        ImmutableArray<NormalizerStep> steps = ReadNormalizer(root);
        char mark = pieces.Metaspace?.Mark ?? Metaspace.Usual;
        return new TokenizerFile(
            vocabulary, ReadMerges(model), TokenizerJson.Flag(model, "ignore_merges"), added, new Normalization(steps), pieces, mark,
            DecoderRules.DropsLeadingBlank(root, pieces.ByteLevel, mark), prefix, suffix);
    }

    private static List<(string, string)> ReadMerges(JsonElement model)
    {
        var merges = new List<(string, string)>();
        if (!model.TryGetProperty("merges", out JsonElement list))
            return merges;
        foreach (JsonElement merge in list.EnumerateArray())
        {
            if (merge.ValueKind == JsonValueKind.Array && merge.GetArrayLength() == 2 && merge[0].GetString() is { } left && merge[1].GetString() is { } right)
            {
                merges.Add((left, right));
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
        var ids = new HashSet<int>();
        foreach (JsonElement token in list.EnumerateArray())
        {
            int id = Id(token.GetProperty("id"));
            if (!ids.Add(id))
                throw TokenizerJson.Refused("added_tokens", $"id {id} twice", "ids are unique");
            string content = token.GetProperty("content").GetString() ?? throw TokenizerJson.Refused("added_tokens.content", "null", "a text is needed");
            tokens.Add(new AddedToken(
                id, content, TokenizerJson.Flag(token, "special"), TokenizerJson.Flag(token, "lstrip"),
                TokenizerJson.Flag(token, "rstrip"), TokenizerJson.Flag(token, "single_word"), TokenizerJson.Flag(token, "normalized")));
        }
        return tokens;
    }

    private static int Id(JsonElement value) =>
        value.TryGetInt32(out int id) && id is >= 0 and < VocabularyMax
            ? id
            : throw TokenizerJson.Refused("a token id", value.GetRawText(), $"ids are from 0 to {VocabularyMax - 1}");

    private static ImmutableArray<NormalizerStep> ReadNormalizer(JsonElement root)
    {
        var steps = ImmutableArray.CreateBuilder<NormalizerStep>();
        foreach (JsonElement step in TokenizerJson.Steps(root, "normalizer", "normalizers"))
        {
            string type = TokenizerJson.Text(step, "type") ?? "";
            steps.Add(type switch
            {
                "NFC" => new NormalizerStep.ComposeCharacters(),
                "Prepend" => new NormalizerStep.Prepend(TokenizerJson.Text(step, "prepend") ?? throw TokenizerJson.Refused("normalizer.prepend", "absent", "a text is needed")),
                "Replace" when TokenizerJson.PatternText(step, "normalizer.pattern") is { Length: > 0 } from =>
                    new NormalizerStep.Replace(from, TokenizerJson.Text(step, "content") ?? throw TokenizerJson.Refused("normalizer.content", "absent", "a text is needed")),
                _ => throw TokenizerJson.Refused("normalizer.type", type, "only NFC, Prepend and Replace of a text are supported"),
            });
        }
        return steps.ToImmutable();
    }

    /// <summary>Reads which ids the post-processor adds. A chat template writes its own, so only plain texts use them.</summary>
    private static (List<int> Prefix, List<int> Suffix) ReadPostProcessor(JsonElement root, List<AddedToken> added)
    {
        var prefix = new List<int>();
        var suffix = new List<int>();
        foreach (JsonElement step in TokenizerJson.Steps(root, "post_processor", "processors"))
        {
            string type = TokenizerJson.Text(step, "type") ?? "";
            if (type == "ByteLevel")
                continue; // Trims offsets only.
            if (type != "TemplateProcessing")
                throw TokenizerJson.Refused("post_processor.type", type, "only ByteLevel and TemplateProcessing are supported");
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
                side.Add(token?.Id ?? throw TokenizerJson.Refused("post_processor.single", name, "no such added token"));
            }
        }
        return (prefix, suffix);
    }
}
