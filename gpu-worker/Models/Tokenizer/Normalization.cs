using System.Collections.Immutable;

namespace Astraea.Worker.Models.Tokenizer;

/// <summary>A step that changes text before it is cut.</summary>
internal abstract record NormalizerStep
{
    private NormalizerStep() { }

    /// <summary>Normalization form C.</summary>
    public sealed record ComposeCharacters : NormalizerStep;

    /// <summary>Puts a text before a section, unless the section is empty or goes on from other text.</summary>
    public sealed record Prepend(string Text) : NormalizerStep;

    /// <summary>Replaces every occurrence of a text.</summary>
    public sealed record Replace(string From, string To) : NormalizerStep;
}

/// <summary>The normalizer of a tokenizer: its steps in order.</summary>
internal sealed class Normalization(ImmutableArray<NormalizerStep> steps)
{
    /// <summary>Normalises a section of text.</summary>
    /// <param name="text">The section: text between added tokens.</param>
    /// <param name="begins">Whether the section begins here; false when it goes on from text encoded before.</param>
    public string Apply(string text, bool begins)
    {
        foreach (NormalizerStep step in steps)
        {
            text = step switch
            {
                NormalizerStep.ComposeCharacters => Nfc.Compose(text),
                NormalizerStep.Prepend prepend => begins && text.Length > 0 ? prepend.Text + text : text,
                NormalizerStep.Replace replace => text.Replace(replace.From, replace.To, StringComparison.Ordinal),
                _ => text,
            };
        }
        return text;
    }
}
