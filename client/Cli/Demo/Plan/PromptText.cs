using Astraea.Core.Determinism;

namespace Astraea.Cli.Demo.Plan;

/// <summary>Texts of an exact length. The replay's model has one token per byte, so n ASCII characters are n tokens.</summary>
internal static class PromptText
{
    private const string Letters = "etaoinshrdlucmfw";

    /// <summary>Words of random letters; the same place in the same plan has the same text, two places share no prefix.</summary>
    /// <param name="seed">Seed of the plan.</param>
    /// <param name="request">Index of the request.</param>
    /// <param name="segment">Ordinal of the segment.</param>
    /// <param name="length">Characters.</param>
    public static string Of(ulong seed, int request, int segment, int length)
    {
        SeededGenerator draws = new SeedTree(seed).Child("text", request).Child("segment", segment).Generator();
        return string.Create(length, draws, static (text, draws) =>
        {
            int word = 0;
            for (int i = 0; i < text.Length; i++)
            {
                // No blank at either end: templates trim.
                bool blank = word >= 3 && i + 1 < text.Length && draws.NextInt(5) == 0;
                text[i] = blank ? ' ' : Letters[draws.NextInt(Letters.Length)];
                word = blank ? 0 : word + 1;
            }
        });
    }
}
