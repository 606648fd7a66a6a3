using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Astraea.Contracts.Text;
using Astraea.Worker.Models.ChatTemplate;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Text;

/// <summary>A part of a rendered prompt.</summary>
internal abstract record PromptPart
{
    private PromptPart() { }

    /// <summary>Text the template wrote: control tokens in it are meant.</summary>
    public sealed record Template(string Text) : PromptPart;

    /// <summary>Text somebody typed: nothing in it is a control token.</summary>
    /// <param name="Text">The text.</param>
    /// <param name="Content">Whether it is the text of an item, rather than a piece of a declaration.</param>
    public sealed record Typed(string Text, bool Content) : PromptPart;

    /// <summary>Our own output, by ids.</summary>
    public sealed record Output(ImmutableArray<int> Tokens) : PromptPart;
}

/// <summary>
/// Stand-ins for what a template must carry through unread: typed texts and our own output. The template renders the stand-ins;
/// afterwards the text is cut at them.
/// </summary>
/// <remarks>A stand-in is a word between two U+0001, so that printing it as JSON shows: then the text it stands for is written as JSON, too.</remarks>
internal sealed class Sentinels
{
    private const char Mark = '\u0001';
    private const string EscapedMark = "\\u0001";

    private const string Word = "part";

    private readonly AddedTokenFinder _controls;
    private readonly List<PromptPart> _parts = [];

    /// <param name="tokenizer">Its added tokens are what typed text may not contain as such.</param>
    public Sentinels(BpeTokenizer tokenizer)
    {
        // The mark is hidden as well, printed either way: so nobody can type a stand-in, and one left over in the rendering is always a damaged one.
        _controls = new AddedTokenFinder(tokenizer.AddedTokens
            .Select(token => token with { StripLeft = false, StripRight = false, SingleWord = false })
            .Concat(((string[])[Mark.ToString(), EscapedMark]).Select(mark => new AddedToken(-1, mark, false, false, false, false, false))));
    }

    /// <summary>A stand-in for a whole text; nothing for an empty one, because templates ask for that.</summary>
    public string Hide(string text) => text.Length == 0 ? "" : Add(new PromptPart.Typed(text, Content: true));

    /// <summary>A stand-in for our own output.</summary>
    public string Hide(ImmutableArray<int> output) => Add(new PromptPart.Output(output));

    /// <summary>The text with stand-ins for only what looks like a control token.</summary>
    public string HideControls(string text)
    {
        if (_controls.Next(text, 0) is null)
            return text;
        var hidden = new StringBuilder();
        int done = 0;
        while (_controls.Next(text, done) is { } found)
        {
            hidden.Append(text, done, found.Start - done).Append(Add(new PromptPart.Typed(text[found.Start..found.End], Content: false)));
            done = found.End;
        }
        return hidden.Append(text, done, text.Length - done).ToString();
    }

    /// <summary>Cuts a rendering at its stand-ins.</summary>
    /// <exception cref="TextException">The template changed a stand-in, or lost one of our own output.</exception>
    public List<PromptPart> Cut(string rendered)
    {
        var cut = new List<PromptPart>();
        var seen = new HashSet<PromptPart>(ReferenceEqualityComparer.Instance);
        int done = 0;
        for (int at = NextMark(rendered, 0); at >= 0; at = NextMark(rendered, at))
        {
            bool escaped = rendered[at] != Mark;
            if (Match(rendered, at, escaped) is not var (part, end))
            {
                if (!escaped)
                    throw new TextException("The chat template changes the texts it is given in a way that cannot be followed.");
                at += EscapedMark.Length; // The template's own.
                continue;
            }
            if (at > done)
                cut.Add(new PromptPart.Template(rendered[done..at]));
            seen.Add(part);
            cut.Add(escaped && part is PromptPart.Typed typed ? typed with { Text = Escape(typed.Text) } : part);
            at = done = end;
        }
        if (done < rendered.Length)
            cut.Add(new PromptPart.Template(rendered[done..]));
        if (_parts.Find(part => part is PromptPart.Output && !seen.Contains(part)) is not null)
            throw new TextException("The chat template leaves out an answer of the assistant, so the conversation cannot be continued from its tokens.");
        return cut;
    }

    private string Add(PromptPart part)
    {
        _parts.Add(part);
        return string.Create(CultureInfo.InvariantCulture, $"{Mark}{Word}{_parts.Count - 1}{Mark}");
    }

    private static int NextMark(string text, int from)
    {
        if (from >= text.Length)
            return -1;
        int raw = text.IndexOf(Mark, from);
        int escaped = text.IndexOf(EscapedMark, from, StringComparison.Ordinal);
        return raw < 0 ? escaped : escaped < 0 ? raw : Math.Min(raw, escaped);
    }

    private (PromptPart Part, int End)? Match(string text, int at, bool escaped)
    {
        string mark = escaped ? EscapedMark : Mark.ToString();
        int word = at + mark.Length;
        if (string.CompareOrdinal(text, word, Word, 0, Word.Length) != 0)
            return null;
        int end = word + Word.Length;
        int digits = end;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        if (string.CompareOrdinal(text, end, mark, 0, mark.Length) != 0
            || !int.TryParse(text.AsSpan(digits, end - digits), NumberStyles.None, CultureInfo.InvariantCulture, out int index) || index >= _parts.Count)
            return null;
        return (_parts[index], end + mark.Length);
    }

    private static string Escape(string text)
    {
        var output = new StringBuilder();
        PythonText.JsonString(text, output);
        return output.ToString(1, output.Length - 2);
    }
}
