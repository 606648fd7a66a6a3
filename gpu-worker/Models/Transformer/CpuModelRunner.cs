using System.Collections.Immutable;
using Astraea.Worker.Engine;
using Astraea.Worker.Kernels;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Models.Transformer;

/// <summary>Runs a model on the CPU over its own paged KV. Results are bit-equal however rows are batched, chunked, moved or threaded.</summary>
/// <remarks>Steps allocate nothing on the managed heap once they have reached their largest size.</remarks>
public sealed unsafe class CpuModelRunner : IModelRunner
{
    /// <summary>Raised whenever a kernel changes its order of operations.</summary>
    public const int KernelVersion = 1;

    private readonly CpuModel _model;
    private readonly PagedKv _kv;
    private readonly InstructionSet _set;
    private readonly ThreadTeam _team;
    private readonly StepRows _rows;
    private readonly StepScratch _scratch;
    private readonly AlignedMemory[] _attentionScratch;
    private readonly ForwardPass _pass;
    private int _busy;
    private bool _disposed;

    /// <summary>Makes a runner with its own KV and threads.</summary>
    /// <param name="model">Weights; may be shared with other runners.</param>
    /// <param name="kvBlocks">KV blocks of 16 tokens, at least 1.</param>
    /// <param name="threads">Threads, the caller's own included; 1 to 256.</param>
    /// <param name="set">Which kernels; the best of this machine when null.</param>
    /// <param name="kvFormat">How keys and values are kept.</param>
    /// <exception cref="PlatformNotSupportedException">This machine does not run that instruction set.</exception>
    public CpuModelRunner(CpuModel model, int kvBlocks, int threads = 1, InstructionSet? set = null, KvFormat kvFormat = KvFormat.F32)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kvBlocks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 256);
        _set = set ?? InstructionSets.Best;
        if (!InstructionSets.IsSupported(_set))
            throw new PlatformNotSupportedException($"This machine does not run the instruction set {_set}.");

        _model = model;
        Numerics = new NumericsClass("cpu", InstructionSets.Name(_set), WeightFormats.Name(model.Weights), KvFormats.Name(kvFormat), KernelVersion, model.WeightsDigest);
        _kv = new PagedKv(model.Shape, kvBlocks, kvFormat);
        _rows = new StepRows(model.Shape, kvBlocks);
        _scratch = new StepScratch(model.Shape, model.PackedRowBytesMax);
        _attentionScratch = new AlignedMemory[threads];
        for (int i = 0; i < threads; i++)
            _attentionScratch[i] = AlignedMemory.ForFloats(PagedAttention.ScratchFloats(Shape.HeadDim, Shape.Heads / Shape.KvHeads));
        model.AddRunner();
        _team = new ThreadTeam(threads);
        _pass = new ForwardPass(model, _kv, _rows, _scratch, _set, _team, _attentionScratch);
    }

    /// <inheritdoc/>
    public ModelShape Shape => _model.Shape;

    /// <inheritdoc/>
    public NumericsClass Numerics { get; }

    /// <inheritdoc/>
    public IKvMemory Kv => _kv;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The batch or the logits do not fit; nothing has been computed.</exception>
    /// <exception cref="NonFiniteLogitsException">Some logits are not finite; the exception names the sequences, the others are good.</exception>
    /// <exception cref="InvalidOperationException">Another thread is inside.</exception>
    public void Forward(StepBatch batch, Span<float> logits)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            throw new InvalidOperationException("A runner computes one step at a time, and another one is under way.");
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (logits.Length < (long)batch.LogitRows * Shape.Vocabulary)
                throw new ArgumentException($"Room for {logits.Length} logits; the batch needs {batch.LogitRows} · {Shape.Vocabulary}.", nameof(logits));
            if (batch.Sequences.Count == 0)
                return;
            _rows.Load(batch);
            _scratch.Reserve(_rows.Count);
            fixed (float* target = logits)
                _pass.Run(target);
            CheckFinite(logits);
        }
        finally
        {
            Volatile.Write(ref _busy, 0);
        }
    }

    /// <summary>Frees KV, scratch and threads. Must not be called while a step is under way.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _busy, 1) != 0)
            throw new InvalidOperationException("A step is under way.");
        if (!_disposed)
        {
            _disposed = true;
            _team.Dispose();
            _scratch.Dispose();
            foreach (AlignedMemory scratch in _attentionScratch)
                scratch.Dispose();
            _kv.Dispose();
            _model.RemoveRunner();
        }
        Volatile.Write(ref _busy, 0);
    }

    private void CheckFinite(ReadOnlySpan<float> logits)
    {
        ImmutableArray<int>.Builder? spoilt = null;
        for (int i = 0; i < _rows.LogitCount; i++)
        {
            if (!Finite.All(logits.Slice(i * Shape.Vocabulary, Shape.Vocabulary)))
                (spoilt ??= ImmutableArray.CreateBuilder<int>()).Add(_rows.SequenceOfLogits(i));
        }
        if (spoilt is not null)
            throw new NonFiniteLogitsException(spoilt.ToImmutable());
    }
}
