using System.Text.Json;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>What a <c>tokenizer.json</c> does to normalised text before merging.</summary>
/// <param name="ByteLevel">Whether pieces are written in the stand-in characters of bytes.</param>
/// <param name="Splits">Regular expressions that cut text into pieces, one after the other.</param>
/// <param name="AddPrefixSpace">Whether a blank is put before a section that has none.</param>
/// <param name="Metaspace">The step that writes blanks as marks, or null.</param>
internal sealed record PieceRules(bool ByteLevel, List<string> Splits, bool AddPrefixSpace, Metaspace? Metaspace)
{
    /// <summary>The pattern ByteLevel cuts with when it cuts itself (the released GPT-2 encoder).</summary>
    private const string ByteLevelPattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Reads the section <c>pre_tokenizer</c>.</summary>
    public static PieceRules Read(JsonElement root)
    {
        var rules = new PieceRules(false, [], false, null);
        foreach (JsonElement step in TokenizerJson.Steps(root, "pre_tokenizer", "pretokenizers"))
        {
            string type = TokenizerJson.Text(step, "type") ?? "";
            if (rules.ByteLevel || rules.Metaspace is not null)
                throw TokenizerJson.Refused("pre_tokenizer", type, "no step may follow ByteLevel or Metaspace");
            rules = type switch
            {
                "ByteLevel" => rules.WithByteLevel(step),
                "Split" => rules with { Splits = [.. rules.Splits, Pattern(step)] },
                "Metaspace" when rules.Splits.Count == 0 => rules with { Metaspace = ReadMetaspace(step) },
                _ => throw TokenizerJson.Refused("pre_tokenizer.type", type, "only Split, ByteLevel and Metaspace are supported"),
            };
        }
        return rules;
    }

    private PieceRules WithByteLevel(JsonElement step)
    {
        bool addPrefixSpace = TokenizerJson.Flag(step, "add_prefix_space");
        if (addPrefixSpace && Splits.Count > 0)
            throw TokenizerJson.Refused("pre_tokenizer.add_prefix_space", "true", "behind a Split it would put a space before every piece");
        bool cuts = TokenizerJson.Flag(step, "use_regex", otherwise: true);
        return new PieceRules(true, cuts ? [.. Splits, ByteLevelPattern] : Splits, addPrefixSpace, null);
    }

    private static string Pattern(JsonElement step)
    {
        JsonElement pattern = step.GetProperty("pattern");
        string behavior = TokenizerJson.Text(step, "behavior") ?? "Isolated";
        // Removing what lies outside the matches, as some conversions write it, loses nothing when the pattern covers everything; ours keeps gaps.
        if (behavior != "Isolated" && !(behavior == "Removed" && TokenizerJson.Flag(step, "invert")))
            throw TokenizerJson.Refused("pre_tokenizer.behavior", behavior, "only Isolated is supported");
        return TokenizerJson.Text(pattern, "Regex") ?? System.Text.RegularExpressions.Regex.Escape(
            TokenizerJson.Text(pattern, "String") ?? throw TokenizerJson.Refused("pre_tokenizer.pattern", pattern.GetRawText(), "neither Regex nor String"));
    }

    private static Metaspace ReadMetaspace(JsonElement step)
    {
        string mark = TokenizerJson.Text(step, "replacement") ?? Metaspace.Usual.ToString();
        if (mark.Length != 1)
            throw TokenizerJson.Refused("pre_tokenizer.replacement", mark, "one character is needed");
        // Files from before the scheme had a name say only whether there is a prefix.
        string scheme = TokenizerJson.Text(step, "prepend_scheme") ?? (TokenizerJson.Flag(step, "add_prefix_space", otherwise: true) ? "always" : "never");
        return new Metaspace(
            mark[0],
            scheme switch
            {
                "always" => PrependScheme.Always,
                "first" => PrependScheme.First,
                "never" => PrependScheme.Never,
                _ => throw TokenizerJson.Refused("pre_tokenizer.prepend_scheme", scheme, "only always, first and never are known"),
            },
            TokenizerJson.Flag(step, "split", otherwise: true));
    }
}
