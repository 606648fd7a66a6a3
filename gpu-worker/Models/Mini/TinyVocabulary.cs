using System.Text.Json;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Mini;

/// <summary>The vocabulary of the tiny model: a token for each byte, whose id is the byte, and eight more. No merges, so n ASCII characters are n tokens.</summary>
internal static class TinyVocabulary
{
    /// <summary>Id of the token that ends each turn.</summary>
    public const int End = 256;

    /// <summary>Entries (tokens).</summary>
    public static int Size => 256 + Added.Length;

    /// <summary>Added tokens in order of their ids, from 256; the marks of calls are part of what a reader sees.</summary>
    public static (string Content, bool Special)[] Added { get; } =
    [
        ("<|end|>", true), ("<|system|>", true), ("<|user|>", true), ("<|assistant|>", true), ("<|tool|>", true), ("<|pad|>", true),
        ("<tool_call>", false), ("</tool_call>", false),
    ];

    /// <summary>The content of <c>tokenizer.json</c>.</summary>
    public static byte[] TokenizerJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("version", "1.0");
            json.WriteNull("truncation");
            json.WriteNull("padding");
            json.WriteStartArray("added_tokens");
            for (int i = 0; i < Added.Length; i++)
                WriteAdded(json, 256 + i, Added[i].Content, Added[i].Special);
            json.WriteEndArray();
            json.WriteNull("normalizer");
            WriteByteLevel(json, "pre_tokenizer");
            json.WriteNull("post_processor");
            WriteByteLevel(json, "decoder");
            json.WriteStartObject("model");
            json.WriteString("type", "BPE");
            json.WriteNull("dropout");
            json.WriteNull("unk_token");
            json.WriteBoolean("byte_fallback", false);
            json.WriteBoolean("ignore_merges", false);
            json.WriteStartObject("vocab");
            for (int b = 0; b < 256; b++)
                json.WriteNumber(ByteAlphabet.ToChar((byte)b).ToString(), b);
            json.WriteEndObject();
            json.WriteStartArray("merges");
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    private static void WriteAdded(Utf8JsonWriter json, int id, string content, bool special)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        json.WriteString("content", content);
        foreach (string flag in (string[])["single_word", "lstrip", "rstrip", "normalized"])
            json.WriteBoolean(flag, false);
        json.WriteBoolean("special", special);
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string section)
    {
        json.WriteStartObject(section);
        json.WriteString("type", "ByteLevel");
        json.WriteBoolean("add_prefix_space", false);
        json.WriteBoolean("trim_offsets", true);
        json.WriteBoolean("use_regex", false);
        json.WriteEndObject();
    }
}
