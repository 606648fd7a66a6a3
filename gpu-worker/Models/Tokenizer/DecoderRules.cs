using System.Text.Json;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>How tokens become text again, beyond the bytes each stands for.</summary>
internal static class DecoderRules
{
    /// <summary>Checks the section <c>decoder</c> against the vocabulary's way of writing.</summary>
    /// <returns>Whether a blank at the very beginning of a text is dropped.</returns>
    public static bool DropsLeadingBlank(JsonElement root, bool byteLevel, char mark)
    {
        bool drops = false;
        foreach (JsonElement step in TokenizerJson.Steps(root, "decoder", "decoders"))
        {
            string type = TokenizerJson.Text(step, "type") ?? "";
            drops |= type switch
            {
                "ByteLevel" when byteLevel => false,
                _ when byteLevel => throw TokenizerJson.Refused("decoder.type", type, "only ByteLevel is supported with a byte-level vocabulary"),
                "ByteFallback" or "Fuse" => false,
                "Replace" => CheckReplace(step, mark),
                "Strip" => CheckStrip(step),
                "Metaspace" => TokenizerJson.Text(step, "prepend_scheme") is { } scheme ? scheme != "never" : TokenizerJson.Flag(step, "add_prefix_space", otherwise: true),
                _ => throw TokenizerJson.Refused("decoder.type", type, "only Replace, ByteFallback, Fuse, Strip and Metaspace are supported"),
            };
        }
        return drops;
    }

    private static bool CheckReplace(JsonElement step, char mark)
    {
        string from = TokenizerJson.PatternText(step, "decoder.pattern");
        if (from != mark.ToString() || TokenizerJson.Text(step, "content") != " ")
            throw TokenizerJson.Refused("decoder.pattern", from, "only the mark of blanks may be replaced, by a blank");
        return false;
    }

    private static bool CheckStrip(JsonElement step)
    {
        int start = step.GetProperty("start").GetInt32(), stop = step.GetProperty("stop").GetInt32();
        if (TokenizerJson.Text(step, "content") != " " || start is not (0 or 1) || stop != 0)
            throw TokenizerJson.Refused("decoder.start", step.GetRawText(), "only one blank at the beginning can be stripped");
        return start == 1;
    }
}
