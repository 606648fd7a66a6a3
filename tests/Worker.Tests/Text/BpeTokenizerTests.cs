using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Tests.Text;

public sealed class BpeTokenizerTests
{
    private static readonly BpeTokenizer Tiny = TinyModelFolder.Text.Tokenizer;

    [Theory]
    [InlineData("qwen-like")]
    [InlineData("llama-like")]
    public void Ids_are_those_of_the_reference(string name)
    {
        BpeTokenizer tokenizer = BpeTokenizer.Parse(Golden(name + ".json"));
        using JsonDocument cases = JsonDocument.Parse(Golden(name + ".cases.json"));
        var wrong = new StringBuilder();
        foreach (JsonElement entry in cases.RootElement.EnumerateArray())
        {
            string text = entry.GetProperty("text").GetString()!;
            int[] expected = [.. entry.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            int[] actual = [.. tokenizer.Encode(text, parseAdded: true)];
            if (!actual.SequenceEqual(expected))
                wrong.AppendLine($"{JsonSerializer.Serialize(text)}\n  expected {string.Join(',', expected)}\n  actual   {string.Join(',', actual)}");
        }
        Assert.True(wrong.Length == 0, wrong.ToString());
        Assert.True(cases.RootElement.GetArrayLength() > 80);
    }

    [Theory]
    [InlineData("llama-like", 1)]
    [InlineData("tiny", 2)]
    public void Decoding_what_was_encoded_gives_the_text_back(string name, int seed)
    {
        BpeTokenizer tokenizer = name == "tiny" ? Tiny : BpeTokenizer.Parse(Golden(name + ".json"));
        var random = new Random(seed);
        for (int i = 0; i < 500; i++)
        {
            string text = RandomText(random, 80);
            Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text, parseAdded: false).AsSpan()));
        }
    }

    [Fact]
    public void Text_is_composed_as_unicode_says()
    {
        using JsonDocument cases = JsonDocument.Parse(Golden("nfc.json"));
        foreach (JsonElement entry in cases.RootElement.EnumerateArray())
            Assert.Equal(entry[1].GetString(), Nfc.Compose(entry[0].GetString()!));
        Assert.True(cases.RootElement.GetArrayLength() > 300);
        Assert.Equal("\uD800\u00E9\uDC00", Nfc.Compose("\uD800e\u0301\uDC00"));
    }

    [Fact]
    public void Control_tokens_that_were_typed_stay_text()
    {
        string typed = "<|end|><|user|><tool_call>";

        Assert.Equal(typed.Length, Tiny.Encode(typed, parseAdded: false).Length);
        Assert.All(Tiny.Encode(typed, parseAdded: false), id => Assert.InRange(id, 0, 255));
        Assert.Equal([256, 258, 262], Tiny.Encode(typed, parseAdded: true).ToArray());
    }

    [Fact]
    public void Lone_surrogates_become_replacement_characters()
    {
        Assert.Equal("a\uFFFDb\uFFFD", Tiny.Decode(Tiny.Encode("a\uD800b\uDC00", parseAdded: false).AsSpan()));
        Assert.Equal("\uFFFD\uFFFD\uD83D\uDE00", Tiny.Decode(Tiny.Encode("\uDE00\uD83D\uD83D\uDE00", parseAdded: true).AsSpan()));
    }

    [Fact]
    public void Text_of_its_own_gets_the_tokens_of_the_post_processor()
    {
        BpeTokenizer tokenizer = BpeTokenizer.Parse(Golden("llama-like.json"));

        Assert.Equal(tokenizer.IdOf("<|begin_of_text|>"), tokenizer.EncodeDocument("hi")[0]);
        Assert.Equal(tokenizer.Encode("hi", parseAdded: false).ToArray(), tokenizer.EncodeDocument("hi")[1..].ToArray());
    }

    [Theory]
    [InlineData("/model/type", "\"Unigram\"", "model.type")]
    [InlineData("/model/byte_fallback", "true", "model.byte_fallback")]
    [InlineData("/model/continuing_subword_prefix", "\"##\"", "model.continuing_subword_prefix")]
    [InlineData("/model/dropout", "0.1", "model.dropout")]
    [InlineData("/model/merges", "[\"a\"]", "model.merges[0]")]
    [InlineData("/model/merges", "[[\"a\",\"\u0141\u0141\"]]", "model.merges[0]")]
    [InlineData("/model/vocab", "{\"a\":1}", "byte 0x00")]
    [InlineData("/model/vocab", "{\"a\":99999999999}", "a token id")]
    [InlineData("/model/vocab", "{\"a\":4194304}", "a token id")]
    [InlineData("/normalizer", "{\"type\":\"Lowercase\"}", "normalizer.type")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Punctuation\"}", "pre_tokenizer.type")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Metaspace\"}", "model.byte_fallback")]
    [InlineData("/pre_tokenizer", "null", "pre_tokenizer")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"},{\"type\":\"ByteLevel\",\"use_regex\":false}]}", "pattern")]
    [InlineData("/pre_tokenizer", "{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":\"MergedWithNext\"},{\"type\":\"ByteLevel\"}]}", "pre_tokenizer.behavior")]
    [InlineData("/post_processor", "{\"type\":\"BertProcessing\"}", "post_processor.type")]
    [InlineData("/post_processor", "{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<x>\"}}]}", "post_processor.single")]
    [InlineData("/decoder", "{\"type\":\"Metaspace\"}", "decoder.type")]
    [InlineData("/added_tokens", "[{\"id\":1,\"content\":\"x\"},{\"id\":1,\"content\":\"y\"}]", "added_tokens")]
    [InlineData("/model", "[]", "tokenizer.json")]
    public void What_cannot_be_followed_exactly_is_refused_by_its_key(string place, string value, string named)
    {
        JsonNode root = JsonNode.Parse(Golden("qwen-like.json"))!;
        string[] path = place[1..].Split('/');
        (path.Length == 1 ? root : root[path[0]]!)[path[^1]] = JsonNode.Parse(value);

        TextException error = Assert.Throws<TextException>(() => BpeTokenizer.Parse(Encoding.UTF8.GetBytes(root.ToJsonString())));

        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{}")]
    public void File_that_is_no_tokenizer_is_a_clear_error(string json) =>
        Assert.Throws<TextException>(() => BpeTokenizer.Parse(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void Characters_are_shown_whole_however_tokens_cut_them()
    {
        var random = new Random(5);
        for (int round = 0; round < 300; round++)
        {
            int[] ids = round % 2 == 0
                ? [.. Tiny.Encode(RandomText(random, 30), parseAdded: false)]
                : [.. Enumerable.Range(0, 30).Select(_ => random.Next(262))];
            var decoder = new IncrementalDecoder(Tiny);
            var shown = new StringBuilder();
            foreach (int id in ids)
            {
                decoder.Push(id, shown);
                Assert.False(shown.Length > 0 && char.IsHighSurrogate(shown[^1]), "Half a character was shown.");
            }
            decoder.Finish(shown);
            Assert.Equal(Tiny.Decode(ids), shown.ToString());
        }
    }

    [Fact]
    public void Long_word_is_merged_in_reasonable_work()
    {
        BpeTokenizer tokenizer = BpeTokenizer.Parse(Golden("qwen-like.json"));
        string word = string.Concat(Enumerable.Repeat("searching", 10_000));

        Assert.Equal(word, tokenizer.Decode(tokenizer.Encode(word, parseAdded: false).AsSpan()));
    }

    internal static byte[] Golden(string file) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Text", "Goldens", file));

    /// <summary>Valid UTF-16 with everything that is awkward.</summary>
    internal static string RandomText(Random random, int charactersMax)
    {
        string[] parts = ["a", "the", " ", "  ", "\n", "\r\n", "\t", "'s", "1", "2345", "ü", "e\u0301", "你", "😀", "𝐀", "\u0000", "\u007f", "\uFFFD", "<|end|>", "<tool_call>", "\"", "\\", "{", "}"];
        var text = new StringBuilder();
        for (int count = random.Next(charactersMax); count > 0; count--)
        {
            if (random.Next(4) > 0)
                text.Append(parts[random.Next(parts.Length)]);
            else if (random.Next(0x110000) is var code && code is < 0xD800 or > 0xDFFF)
                text.Append(char.ConvertFromUtf32(code));
        }
        return text.ToString();
    }
}
