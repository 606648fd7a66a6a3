using System.Text;
using System.Text.Json.Nodes;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Tests.Text;

/// <summary>Ids of thousands of hostile texts against other implementations, and back.</summary>
public sealed class TokenizerGoldenTests
{
    private const int Digits = 8;

    private static readonly Dictionary<string, string> Hashes = Encoding.UTF8.GetString(BpeTokenizerTests.Golden("ids.txt"))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')).ToDictionary(parts => parts[0], parts => parts[1]);

    [Theory]
    [InlineData("qwen-like", true)]
    [InlineData("llama-like", true)]
    [InlineData("llama2-like", true)]
    [InlineData("metaspace", true)]
    [InlineData("sentencepiece", false)]
    public void Ids_of_thousands_of_texts_are_those_of_the_reference(string name, bool parseAdded)
    {
        BpeTokenizer tokenizer = Tokenizer(name);
        var wrong = new List<string>();
        int compared = 0;
        for (int number = 0; number < Hashes[name].Length / Digits; number++)
        {
            string expected = Hashes[name].Substring(number * Digits, Digits);
            if (expected[0] == '-')
                continue; // It has characters that not every Unicode version knows.
            compared++;
            string text = HostileTexts.Of(number);
            int[] ids = [.. tokenizer.Encode(text, parseAdded)];
            if (HostileTexts.Hash(ids) != expected)
                wrong.Add($"{number} {System.Text.Json.JsonSerializer.Serialize(text)}: {string.Join(',', ids)}");
        }
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {compared} differ, such as\n{string.Join('\n', wrong.Take(5))}");
        Assert.True(compared >= 3000);
    }

    [Theory]
    [InlineData("llama-like")]
    [InlineData("llama2-like")]
    [InlineData("metaspace")]
    public void Texts_come_back_and_no_character_is_ever_shown_in_halves(string name)
    {
        BpeTokenizer tokenizer = Tokenizer(name);
        for (int number = 0; number < 3000; number++)
        {
            // A mark that was typed comes back as the blank it stands for; a blank that begins a text is taken for the one put there.
            string text = name == "llama-like" ? HostileTexts.Of(number) : HostileTexts.Of(number).Replace('\u2581', ' ');
            if (name == "metaspace" && text.StartsWith(' '))
                continue;
            int[] ids = [.. tokenizer.Encode(text, parseAdded: false)];
            var decoder = new IncrementalDecoder(tokenizer);
            var shown = new StringBuilder();
            foreach (int id in ids)
            {
                decoder.Push(id, shown);
                Assert.StartsWith(shown.ToString(), text, StringComparison.Ordinal);
            }
            decoder.Finish(shown);
            Assert.Equal(text, shown.ToString());
            Assert.Equal(text, tokenizer.Decode(ids));
        }
    }

    [Theory]
    [InlineData("qwen-like")]
    [InlineData("llama-like")]
    [InlineData("llama2-like")]
    public void Text_in_parts_is_encoded_as_a_whole_and_what_was_typed_stays_text(string name)
    {
        BpeTokenizer tokenizer = Tokenizer(name);
        HashSet<int> control = [.. tokenizer.AddedTokens.Where(token => token.Special).Select(token => token.Id)];
        int whole = 0;
        for (int number = 0; number < 2000; number++)
        {
            string head = HostileTexts.Of(number), typed = HostileTexts.Of(number + 10_000), tail = HostileTexts.Of(number + 20_000);
            var ids = new List<int>();
            tokenizer.Encode([(head, true), (typed, false), (tail, true)], ids);
            if (ids.SequenceEqual(tokenizer.Encode(head + typed + tail, parseAdded: true)))
                whole++;
            Assert.True(
                ids.Count(control.Contains) <= tokenizer.Encode(head, true).Count(control.Contains) + tokenizer.Encode(tail, true).Count(control.Contains),
                $"Text {number} made a control token.");
        }
        Assert.InRange(whole, 1000, 2000);
    }

    [Fact]
    public void Words_keep_the_blank_before_them_across_parts()
    {
        BpeTokenizer tokenizer = Tokenizer("llama2-like");
        var ids = new List<int>();

        tokenizer.Encode([("<s>[INST] ", true), ("the request", false), (" [/INST]", true)], ids);

        Assert.Equal(tokenizer.Encode("<s>[INST] the request [/INST]", parseAdded: true), ids);
        Assert.Equal(1, ids[0]);
    }

    private static BpeTokenizer Tokenizer(string name)
    {
        if (name == "metaspace")
        {
            JsonNode root = JsonNode.Parse(BpeTokenizerTests.Golden("llama2-like.json"))!;
            root["normalizer"] = null;
            root["pre_tokenizer"] = JsonNode.Parse("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""");
            return BpeTokenizer.Parse(Encoding.UTF8.GetBytes(root.ToJsonString()));
        }
        return BpeTokenizer.Parse(BpeTokenizerTests.Golden(name == "sentencepiece" ? "llama2-like.json" : name + ".json"));
    }
}
