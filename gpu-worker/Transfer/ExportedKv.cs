using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Transfer;

/// <summary>One block on its way out.</summary>
/// <param name="Key">Its key.</param>
/// <param name="Tokens">Its token ids.</param>
/// <param name="Bytes">Pinned bytes in the source's host tier.</param>
/// <param name="HostSlot">The pin.</param>
internal readonly record struct ExportedBlock(BlockKey Key, int[] Tokens, ReadOnlyMemory<byte> Bytes, int HostSlot);

/// <summary>Pinned KV of a waiting agent, first block to last.</summary>
/// <param name="Request">Whose.</param>
/// <param name="Context">Its context when the export began: another one means that the agent has gone on meanwhile.</param>
/// <param name="Blocks">All blocks up to the tip.</param>
internal sealed record ExportedKv(RequestId Request, SequenceKv Context, IReadOnlyList<ExportedBlock> Blocks);

/// <summary>Room for one block on its way in.</summary>
/// <param name="Slot">Its pin in the host tier.</param>
/// <param name="Bytes">Where its KV goes; nobody reads it before the whole move is verified.</param>
internal readonly record struct IncomingBlock(int Slot, Memory<byte> Bytes);
