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

    /// <summary>Makes room in the host tier for blocks that are on their way: their bytes are written while the engine steps.</summary>
    /// <param name="count">Blocks.</param>
    /// <param name="reserved">Grows by them; also on a refusal it lists what <see cref="Import"/> or <see cref="Abandon"/> must get.</param>
    /// <returns>Null when there is room, else why not.</returns>
    public string? Reserve(int count, List<IncomingBlock> reserved)
    {
        if (Quarantine is { } reason)
            return reason;
        for (int i = 0; i < count; i++)
        {
            if (!Store.Host.TryReserve(out int slot, out Memory<byte> bytes))
                return $"the host tier is full at block {reserved.Count}";
            reserved.Add(new IncomingBlock(slot, bytes));
        }
        return null;
    }

    /// <summary>Puts verified blocks at the disposal of their agent. From here on they can be found, and evicted.</summary>
    /// <param name="request">Whose.</param>
    /// <param name="context">Their keys and tokens.</param>
    /// <param name="reserved">All blocks of the context, filled, first to last. Given up here whatever the answer.</param>
    /// <param name="from">Who sent them.</param>
    /// <returns>Null when taken, else why not.</returns>
    public string? Import(RequestId request, SequenceKv context, List<IncomingBlock> reserved, WorkerId from)
    {
        if (Quarantine is { } reason)
        {
            Abandon(reserved);
            return reason;
        }
        int blocks = reserved.Count;
        int[] slots = new int[blocks];
        for (int i = 0; i < blocks; i++)
            slots[i] = Store.Host.Publish(reserved[i].Slot, context.Keys[i], context.ParentOf(i), context.TokensOfBlock(i));
        reserved.Clear();
        for (int i = blocks - 1; i >= 0; i--)
            Store.Host.Unpin(slots[i]);
        Idle.Adopt(request, context, (long)blocks * Store.BlockBytes, from, Now());
        return null;
    }

    /// <summary>Gives reserved blocks back, unread.</summary>
    public void Abandon(List<IncomingBlock> reserved)
    {
        foreach (IncomingBlock block in reserved)
            Store.Host.Unpin(block.Slot);
        reserved.Clear();
    }

    private void Unpin(IReadOnlyList<ExportedBlock> blocks)
    {
        for (int i = blocks.Count - 1; i >= 0; i--)
            Store.Host.Unpin(blocks[i].HostSlot);
    }
}
