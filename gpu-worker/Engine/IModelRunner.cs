namespace Astraea.Worker.Engine;

/// <summary>Runs a model over paged KV. One thread calls it; it may use several inside.</summary>
public interface IModelRunner : IDisposable
{
    /// <summary>Sizes of the model.</summary>
    ModelShape Shape { get; }

    /// <summary>Inside one class, results are bit-equal however rows are batched, chunked or moved (ENGINE.md, Exactness).</summary>
    NumericsClass Numerics { get; }

    /// <summary>The device KV memory this runner reads and writes.</summary>
    IKvMemory Kv { get; }

    /// <summary>Computes one ragged step: writes KV of every row, and logits of the last row of each sequence that asks for them.</summary>
    /// <param name="batch">Sequences with their new rows.</param>
    /// <param name="logits">[number of sequences with <see cref="StepSequence.WantsLogits"/>, vocabulary] f32, in batch order, overwritten.</param>
    void Forward(StepBatch batch, Span<float> logits);
}

/// <summary>Sizes of a model.</summary>
/// <param name="Vocabulary">Entries of the vocabulary (tokens).</param>
/// <param name="Layers">Transformer layers.</param>
/// <param name="HiddenSize">Width of the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KvHeads">Key and value heads; divides <paramref name="Heads"/>.</param>
/// <param name="HeadDim">Width of a head.</param>
/// <param name="IntermediateSize">Width of the feed-forward layer.</param>
/// <param name="ContextTokensMax">Longest context (tokens).</param>
public sealed record ModelShape(
    int Vocabulary, int Layers, int HiddenSize, int Heads, int KvHeads, int HeadDim, int IntermediateSize, int ContextTokensMax);

/// <summary>Names everything that decides the exact bits of a result.</summary>
/// <param name="Backend">Such as <c>cpu</c>.</param>
/// <param name="InstructionSet">Such as <c>avx2</c>, <c>scalar</c>.</param>
/// <param name="Weights">Weight format, such as <c>f32</c>.</param>
/// <param name="Kv">KV format, such as <c>f32</c>.</param>
/// <param name="KernelVersion">Raised whenever a kernel changes its order of operations.</param>
/// <param name="WeightsDigest">Hex digest of the weights.</param>
public sealed record NumericsClass(string Backend, string InstructionSet, string Weights, string Kv, int KernelVersion, string WeightsDigest)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Backend}-{InstructionSet}-{Weights}-kv{Kv}-k{KernelVersion}-{WeightsDigest}";
}

/// <summary>Paged KV bytes of a device: equal blocks, each holding all layers and heads of <see cref="BlockTokens"/> tokens.</summary>
public interface IKvMemory
{
    /// <summary>Tokens in a block (tokens).</summary>
    int BlockTokens { get; }

    /// <summary>Blocks there are.</summary>
    int Blocks { get; }

    /// <summary>Bytes of one block (By).</summary>
    int BlockBytes { get; }

    /// <summary>Copies a block's bytes out. <paramref name="destination"/> has <see cref="BlockBytes"/> bytes.</summary>
    void CopyOut(int block, Span<byte> destination);

    /// <summary>Copies a block's bytes in. <paramref name="source"/> has <see cref="BlockBytes"/> bytes.</summary>
    void CopyIn(int block, ReadOnlySpan<byte> source);
}

/// <summary>The rows of one step. Reused from step to step: clear, add, run.</summary>
public sealed class StepBatch
{
    private readonly List<StepSequence> _sequences = [];

    /// <summary>Sequences in batch order.</summary>
    public IReadOnlyList<StepSequence> Sequences => _sequences;

    /// <summary>Rows of all sequences together (tokens).</summary>
    public int Rows { get; private set; }

    /// <summary>Sequences that want logits.</summary>
    public int LogitRows { get; private set; }

    /// <summary>Empties the batch.</summary>
    public void Clear()
    {
        _sequences.Clear();
        Rows = 0;
        LogitRows = 0;
    }

    /// <summary>Adds a sequence's new rows.</summary>
    public void Add(StepSequence sequence)
    {
        _sequences.Add(sequence);
        Rows += sequence.Tokens.Length;
        if (sequence.WantsLogits)
            LogitRows++;
    }
}

/// <summary>The new rows of one sequence in a step.</summary>
/// <param name="Tokens">Token ids of the rows, length at least 1: a chunk of prefill, or one token of decode.</param>
/// <param name="Position">Position of the first row; KV of all earlier positions is in the blocks.</param>
/// <param name="Blocks">Block ids in sequence order, enough for the last row. Length ≥ ceil((Position + rows) / BlockTokens).</param>
/// <param name="WantsLogits">Whether logits of the last row are wanted.</param>
public readonly record struct StepSequence(ReadOnlyMemory<int> Tokens, int Position, ReadOnlyMemory<int> Blocks, bool WantsLogits);
