namespace Astraea.Worker.Engine;

/// <summary>Keeps a segment's output inside a form: forced tool calls, and the like. Rebuilt from output tokens after any interruption.</summary>
public interface IOutputConstraint
{
    /// <summary>Tokens that must come next; they are fed, not sampled. Empty when the next token is sampled.</summary>
    ReadOnlySpan<int> Forced { get; }

    /// <summary>Sets logits of tokens that may not come next to negative infinity. Leaves at least one token.</summary>
    /// <param name="logits">[vocabulary] f32.</param>
    void Mask(Span<float> logits);

    /// <summary>Takes the next output token, sampled or fed.</summary>
    /// <returns>False when the form does not allow it: the output was not made under this constraint.</returns>
    bool Accept(int token);

    /// <summary>Tokens sampled so far; the rest of the output was fed (tokens).</summary>
    int Sampled { get; }

    /// <summary>Whether the form is complete: the segment ends.</summary>
    bool Complete { get; }
}

/// <summary>Makes the constraint of a segment from what its client asked.</summary>
public interface IConstraintFactory
{
    /// <summary>A constraint, or null when the output is free.</summary>
    IOutputConstraint? Create(Core.Lifecycle.SegmentSpec spec);
}
