using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Models.Transformer;

/// <summary>A step's rows, checked once at the edge and laid out flat. Arrays grow to the largest step and are then reused.</summary>
internal sealed unsafe class StepRows
{
    private readonly ModelShape _shape;
    private readonly int[] _writtenIn;
    private int[] _tokens = [];
    private int[] _positions = [];
    private int[] _sequenceOfRow = [];
    private int[] _blocks = [];
    private int[] _logitRows = [];
    private SequenceRows[] _sequences = [];
    private AttentionTile[] _tiles = [];
    private int _step;

    /// <summary>Makes an empty layout.</summary>
    public StepRows(ModelShape shape, int kvBlocks)
    {
        _shape = shape;
        _writtenIn = new int[kvBlocks];
    }

    /// <summary>Rows of all sequences.</summary>
    public int Count { get; private set; }

    /// <summary>Token id of each row.</summary>
    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    /// <summary>Position of each row.</summary>
    public ReadOnlySpan<int> Positions => _positions.AsSpan(0, Count);

    /// <summary>Rows whose logits are wanted, in batch order.</summary>
    public ReadOnlySpan<int> LogitRows => _logitRows.AsSpan(0, LogitCount);

    /// <summary>How many rows want logits.</summary>
    public int LogitCount { get; private set; }

    /// <summary>Pieces of attention work, to be done once for each KV head.</summary>
    public ReadOnlySpan<AttentionTile> Tiles => _tiles.AsSpan(0, TileCount);

    /// <summary>How many pieces there are.</summary>
    public int TileCount { get; private set; }

    /// <summary>Pairs of a row and a token it sees.</summary>
    public long TokensSeen { get; private set; }

    /// <summary>The sequence a row belongs to.</summary>
    public SequenceRows SequenceOf(int row) => _sequences[_sequenceOfRow[row]];

    /// <summary>The sequence at an index of the batch.</summary>
    public SequenceRows Sequence(int index) => _sequences[index];

    /// <summary>Index in the batch of the sequence that a wanted row belongs to.</summary>
    public int SequenceOfLogits(int logitRow) => _sequenceOfRow[_logitRows[logitRow]];

    /// <summary>Block ids of a sequence, in sequence order. The array does not move.</summary>
    public int* BlocksOf(in SequenceRows sequence) => (int*)System.Runtime.InteropServices.Marshal.UnsafeAddrOfPinnedArrayElement(_blocks, sequence.FirstBlock);

    /// <summary>The block and slot of a row's own KV.</summary>
    public (int Block, int Slot) PlaceOf(int row)
    {
        int position = _positions[row];
        return (_blocks[SequenceOf(row).FirstBlock + position / PagedKv.TokensPerBlock], position % PagedKv.TokensPerBlock);
    }

    /// <summary>Checks a batch and lays it out.</summary>
    /// <exception cref="ArgumentException">The batch asks for something that cannot be computed; nothing has been computed.</exception>
    public void Load(StepBatch batch)
    {
        int blocks = 0, tiles = 0;
        int rowsPerTile = PagedAttention.RowsPerChunk(_shape.Heads / _shape.KvHeads);
        for (int i = 0; i < batch.Sequences.Count; i++)
        {
            StepSequence sequence = batch.Sequences[i];
            Check(i, sequence);
            blocks = checked(blocks + BlocksNeeded(sequence));
            tiles += (sequence.Tokens.Length + rowsPerTile - 1) / rowsPerTile;
        }
        CheckWrites(batch);
        Reserve(batch, blocks, tiles);
        Count = LogitCount = TileCount = 0;
        TokensSeen = 0;
        blocks = 0;
        for (int i = 0; i < batch.Sequences.Count; i++)
        {
            StepSequence sequence = batch.Sequences[i];
            LayOut(i, sequence, blocks, rowsPerTile);
            blocks += BlocksNeeded(sequence);
        }
    }

    private static int BlocksNeeded(in StepSequence sequence) =>
        (sequence.Position + sequence.Tokens.Length + PagedKv.TokensPerBlock - 1) / PagedKv.TokensPerBlock;

    private void Check(int index, in StepSequence sequence)
    {
        if (sequence.Tokens.IsEmpty)
            throw Bad(index, "has no rows; a sequence in a step has at least one token");
        if (sequence.Position < 0 || sequence.Position > _shape.ContextTokensMax - sequence.Tokens.Length)
            throw Bad(index, $"has positions {sequence.Position} to {(long)sequence.Position + sequence.Tokens.Length - 1}; the context has 0 to {_shape.ContextTokensMax - 1}");
        foreach (int token in sequence.Tokens.Span)
        {
            if ((uint)token >= (uint)_shape.Vocabulary)
                throw Bad(index, $"has token {token}; the vocabulary has 0 to {_shape.Vocabulary - 1}");
        }
        int needed = BlocksNeeded(sequence);
        if (sequence.Blocks.Length < needed)
            throw Bad(index, $"has {sequence.Blocks.Length} blocks; its last row needs {needed}");
        foreach (int block in sequence.Blocks.Span[..needed])
        {
            if ((uint)block >= (uint)_writtenIn.Length)
                throw Bad(index, $"has block {block}; there are 0 to {_writtenIn.Length - 1}");
        }
    }

    /// <summary>A block that a step writes belongs to one place of one sequence; else results would depend on who is faster.</summary>
    private void CheckWrites(StepBatch batch)
    {
        _step++;
        for (int i = 0; i < batch.Sequences.Count; i++)
        {
            StepSequence sequence = batch.Sequences[i];
            foreach (int block in sequence.Blocks.Span[(sequence.Position / PagedKv.TokensPerBlock)..BlocksNeeded(sequence)])
            {
                if (_writtenIn[block] == _step)
                    throw Bad(i, $"writes block {block}, which this step writes elsewhere too");
                _writtenIn[block] = _step;
            }
        }
        for (int i = 0; i < batch.Sequences.Count; i++)
        {
            StepSequence sequence = batch.Sequences[i];
            foreach (int block in sequence.Blocks.Span[..(sequence.Position / PagedKv.TokensPerBlock)])
            {
                if (_writtenIn[block] == _step)
                    throw Bad(i, $"reads block {block} as its past, which this step writes");
            }
        }
    }

    private static ArgumentException Bad(int index, string what) => new($"Sequence {index} of the batch {what}.");

    private void Reserve(StepBatch batch, int blocks, int tiles)
    {
        Grow(ref _tokens, batch.Rows);
        Grow(ref _positions, batch.Rows);
        Grow(ref _sequenceOfRow, batch.Rows);
        Grow(ref _blocks, blocks);
        Grow(ref _logitRows, batch.LogitRows);
        Grow(ref _sequences, batch.Sequences.Count);
        Grow(ref _tiles, tiles);
    }

    private static void Grow<T>(ref T[] array, int count) where T : unmanaged
    {
        // Pinned: threads read block tables through pointers.
        if (array.Length < count)
            array = GC.AllocateArray<T>((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)count), pinned: true);
    }

    private void LayOut(int index, in StepSequence sequence, int firstBlock, int rowsPerTile)
    {
        int rows = sequence.Tokens.Length;
        sequence.Tokens.Span.CopyTo(_tokens.AsSpan(Count));
        sequence.Blocks.Span[..BlocksNeeded(sequence)].CopyTo(_blocks.AsSpan(firstBlock));
        for (int i = 0; i < rows; i++)
        {
            _positions[Count + i] = sequence.Position + i;
            _sequenceOfRow[Count + i] = index;
            TokensSeen += sequence.Position + i + 1;
        }
        _sequences[index] = new SequenceRows(Count, sequence.Position, firstBlock);
        for (int first = 0; first < rows; first += rowsPerTile)
            _tiles[TileCount++] = new AttentionTile(index, first, Math.Min(rowsPerTile, rows - first));
        Count += rows;
        if (sequence.WantsLogits)
            _logitRows[LogitCount++] = Count - 1;
    }
}

/// <summary>Where a sequence's rows stand.</summary>
/// <param name="FirstRow">Row of its first token in the step.</param>
/// <param name="Position">Position of that token.</param>
/// <param name="FirstBlock">Index of its block table in the flat one.</param>
internal readonly record struct SequenceRows(int FirstRow, int Position, int FirstBlock);

/// <summary>A piece of attention: consecutive rows of one sequence.</summary>
/// <param name="Sequence">Index of the sequence in the batch.</param>
/// <param name="First">First row, counted from the sequence's first.</param>
/// <param name="Rows">Rows.</param>
internal readonly record struct AttentionTile(int Sequence, int First, int Rows);
