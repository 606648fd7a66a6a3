using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Memory;
using Astraea.Worker.Transfer;

namespace Astraea.Worker.Engine;

// KV of waiting agents that comes from, or goes to, another worker. It always passes through the host tier: pinned host bytes can be
// read and written by the transfer while the engine steps.
internal sealed partial class EngineCore
{
    /// <summary>Pins the KV of a waiting agent up to a block, copying to the host tier what is only on the device.</summary>
    /// <returns>Null when it is not here any more, or the host tier cannot hold it.</returns>
    public ExportedKv? Export(RequestId request, BlockKey tip)
    {
        if (Quarantine is not null || Idle.Peek(request) is not { } kv)
            return null;
        int blocks = 1;
        while (blocks <= kv.Keys.Count && kv.Keys[blocks - 1] != tip)
            blocks++;
        if (blocks > kv.Keys.Count)
            return null;
        List<ExportedBlock> exported = [];
        for (int i = 0; i < blocks; i++)
        {
            if (!Store.TryPinInHost(kv, i, out int slot))
            {
                Unpin(exported);
                return null;
            }
            exported.Add(new ExportedBlock(kv.Keys[i], kv.TokensOfBlock(i).ToArray(), Store.Host.Bytes(slot), slot));
        }
        return new ExportedKv(request, kv, exported);
    }

    /// <summary>Ends an export.</summary>
    /// <param name="export">From <see cref="Export"/>.</param>
    /// <param name="moved">Whether the target has acknowledged: then blocks here are given up.</param>
    /// <returns>Whether the agent still waited, so that its KV is now the target's.</returns>
    public bool EndExport(ExportedKv export, bool moved)
    {
        Unpin(export.Blocks);
        bool waits = ReferenceEquals(Idle.Peek(export.Request), export.Context);
        if (waits && moved)
            Idle.Forget(export.Request);
        return waits;
    }

    /// <summary>Puts verified blocks into the host tier, first to last.</summary>
    /// <returns>Null when taken, else why not.</returns>
    public string? Import(RequestId request, SequenceKv context, IReadOnlyList<byte[]> bytes, WorkerId from)
    {
        if (Quarantine is { } reason)
            return reason;
        for (int i = 0; i < bytes.Count; i++)
        {
            switch (Store.Host.Store(context.Keys[i], context.ParentOf(i), context.TokensOfBlock(i), out Span<byte> target))
            {
                case HostStore.WriteNow:
                    bytes[i].CopyTo(target);
                    break;
                case HostStore.Full:
                    return $"the host tier is full at block {i} of {bytes.Count}";
            }
        }
        Idle.Adopt(request, context, (long)bytes.Count * Store.BlockBytes, from, Now());
        return null;
    }

    private void Unpin(IReadOnlyList<ExportedBlock> blocks)
    {
        for (int i = blocks.Count - 1; i >= 0; i--)
            Store.Host.Unpin(blocks[i].HostSlot);
    }
}
