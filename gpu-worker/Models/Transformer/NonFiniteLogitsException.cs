using System.Collections.Immutable;

namespace Astraea.Worker.Models.Transformer;

/// <summary>
/// Some sequences of a step gave NaN or infinite logits: their KV is spoilt, or the weights overflow on them. The step itself is complete: KV of all
/// rows is written, and the logits of all other sequences are good, so the engine can drop the named ones and go on.
/// </summary>
public sealed class NonFiniteLogitsException : Exception
{
    /// <summary>Names the sequences.</summary>
    /// <param name="sequences">Indices into the batch's sequences, ascending.</param>
    public NonFiniteLogitsException(ImmutableArray<int> sequences)
        : base($"Logits of the batch's sequences {string.Join(", ", sequences)} are not finite.") => Sequences = sequences;

    /// <summary>Says what is wrong.</summary>
    public NonFiniteLogitsException(string message) : base(message) { }

    /// <summary>Says what is wrong, and why.</summary>
    public NonFiniteLogitsException(string message, Exception inner) : base(message, inner) { }

    /// <summary>For serializers.</summary>
    public NonFiniteLogitsException() { }

    /// <summary>Indices into the batch's sequences, ascending.</summary>
    public ImmutableArray<int> Sequences { get; } = [];
}
