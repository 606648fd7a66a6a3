namespace Astraea.Worker.Models.Tokenizer;

/// <summary>Where a Metaspace step puts its mark before text that does not begin with one.</summary>
internal enum PrependScheme
{
    /// <summary>Nowhere.</summary>
    Never,

    /// <summary>At the beginning of the whole text.</summary>
    First,

    /// <summary>At the beginning of each section between added tokens.</summary>
    Always,
}

/// <summary>The pre-tokenizer that writes blanks as a visible mark, so that words keep the blank before them (Kudo and Richardson 2018, §3.1).</summary>
/// <param name="Mark">Stands for a blank; U+2581 in public models.</param>
/// <param name="Scheme">Where it is put before text.</param>
/// <param name="Cuts">Whether text is cut before each mark.</param>
internal sealed record Metaspace(char Mark, PrependScheme Scheme, bool Cuts)
{
    /// <summary>The mark of SentencePiece.</summary>
    public const char Usual = '\u2581';

    /// <summary>Writes blanks as marks.</summary>
    /// <param name="text">Normalised text of a section.</param>
    /// <param name="begins">Whether a section begins here.</param>
    /// <param name="first">Whether the whole text begins here.</param>
    public string Apply(string text, bool begins, bool first)
    {
        text = text.Replace(' ', Mark);
        bool prepends = Scheme switch { PrependScheme.Always => begins, PrependScheme.First => first, _ => false };
        return prepends && text.Length > 0 && text[0] != Mark ? Mark + text : text;
    }

    /// <summary>Adds the pieces of a text: each mark begins one.</summary>
    public void Cut(string text, List<(int Start, int Length)> pieces)
    {
        int start = 0;
        for (int at = 1; Cuts && at < text.Length; at++)
        {
            if (text[at] != Mark)
                continue;
            pieces.Add((start, at - start));
            start = at;
        }
        pieces.Add((start, text.Length - start));
    }
}
