using System.Buffers.Binary;
using Astraea.Contracts.Transfer;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Memory;

namespace Astraea.Worker.Transfer;

/// <summary>How an incoming move ended.</summary>
/// <param name="Status">HTTP status: 200 when all blocks were taken.</param>
/// <param name="Message">Why not, or what was taken.</param>
public sealed record KvReceived(int Status, string Message);

/// <summary>Takes KV from another worker: checks the ticket, recomputes every key, checks every byte, and only then publishes.</summary>
/// <remarks>
/// Blocks go from the wire straight into reserved room of the host tier, which is given back when anything fails: nothing is left behind
/// but a used ticket, and the agent's next segment computes its KV again.
/// </remarks>
internal sealed class KvReceiver : IDisposable
{
    private const int NoncesAtMost = 65536;

    // So much is asked for at once: cached KV of others makes room only as fast as blocks really come in.
    private const int ReservedAtOnce = 64;
    private readonly WorkerId _worker;
    private readonly TicketSigner _signer;
    private readonly BlockKeyer _keyer;
    private readonly IModelRunner _runner;
    private readonly int _hostBlocks;
    private readonly EngineLoop _engine;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Instant> _usedNonces = [];
    private readonly SemaphoreSlim _atOnce = new(2);

    public KvReceiver(
        WorkerId worker, TicketSigner signer, BlockKeyer keyer, IModelRunner runner, int hostBlocks, EngineLoop engine, TimeProvider time)
    {
        _worker = worker;
        _signer = signer;
        _keyer = keyer;
        _runner = runner;
        _hostBlocks = hostBlocks;
        _engine = engine;
        _time = time;
    }

    /// <summary>Takes one move.</summary>
    public async Task<KvReceived> ReceiveAsync(string signedTicket, Stream body, CancellationToken cancellation)
    {
        if (!_signer.TryOpen(signedTicket, Now(), out MigrationTicket? ticket))
            return new KvReceived(401, "The ticket is not ours or has expired.");
        if (ticket.Target != _worker)
            return new KvReceived(403, $"The ticket is for {ticket.Target}.");
        if (ticket.NumericsClass != _keyer.NumericsClass)
            return new KvReceived(409, $"KV of class {ticket.NumericsClass} cannot be used by class {_keyer.NumericsClass}.");
        if (!await _atOnce.WaitAsync(TimeSpan.Zero, cancellation))
            return new KvReceived(503, "Other moves are under way.");
        List<IncomingBlock> reserved = [];
        try
        {
            // Last of all: a ticket that is turned away for want of room stays good.
            return UseNonce(ticket) ? await TakeAsync(ticket, body, reserved, cancellation) : new KvReceived(403, "The ticket has been used.");
        }
        catch (IOException)
        {
            return new KvReceived(400, "The stream ended early.");
        }
        finally
        {
            if (reserved.Count > 0)
                await GiveBackAsync(reserved);
            _atOnce.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _atOnce.Dispose();

    private async Task<KvReceived> TakeAsync(MigrationTicket ticket, Stream body, List<IncomingBlock> reserved, CancellationToken cancellation)
    {
        int blockTokens = _runner.Kv.BlockTokens, kvBytes = _runner.Kv.BlockBytes;
        byte[] head = new byte[KvWire.HeadBytes];
        await body.ReadExactlyAsync(head, cancellation);
        int count = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
        int most = Math.Min(_hostBlocks, _runner.Shape.ContextTokensMax / blockTokens);
        bool sizesMatch = BinaryPrimitives.ReadUInt32LittleEndian(head) == KvWire.Magic
            && BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(8)) == blockTokens && BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(12)) == kvBytes;
        if (!sizesMatch)
            return new KvReceived(400, "The head does not describe blocks of this model.");
        if (count < 1 || count > most)
            return new KvReceived(413, $"{count} blocks are offered; 1 to {most} can be taken.");

        TenantKeys keys = _keyer.For(ticket.Tenant);
        byte[] frame = new byte[KvWire.LengthBytes + KvWire.BlockBytes(blockTokens, kvBytes)];
        int[] tokens = new int[count * blockTokens];
        BlockKey parent = BlockKey.None;
        for (int i = 0; i < count; i++)
        {
            await body.ReadExactlyAsync(frame, cancellation);
            if (i == reserved.Count && await _engine.AskAsync(core => core.Reserve(Math.Min(ReservedAtOnce, count - reserved.Count), reserved)) is { } full)
                return new KvReceived(507, full);
            if (CheckBlock(frame, tokens.AsSpan(i * blockTokens, blockTokens), keys, ref parent, reserved[i].Bytes.Span) is { } wrong)
                return new KvReceived(400, $"Block {i}: {wrong}");
        }
        if (parent.ToString() != ticket.TipKey)
            return new KvReceived(403, "The blocks do not end at the ticket's key.");
        if (await body.ReadAsync(head, cancellation) != 0)
            return new KvReceived(400, "More follows the last block.");

        SequenceKv context = new(keys, tokens, tokens.Length);
        string? refused = await _engine.AskAsync(core => core.Import(ticket.Request, context, reserved, ticket.Source));
        return refused is null ? new KvReceived(200, $"{count} blocks") : new KvReceived(507, refused);
    }

    // Awaited, so that whoever hears of the refusal finds the room free again. An engine that has ended keeps nothing for anybody.
    private async Task GiveBackAsync(List<IncomingBlock> reserved)
    {
        Task done = _engine.AskAsync(core =>
        {
            core.Abandon(reserved);
            return true;
        });
        await done.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private string? CheckBlock(byte[] frame, Span<int> tokens, TenantKeys keys, ref BlockKey parent, Span<byte> room)
    {
        if (BinaryPrimitives.ReadInt32LittleEndian(frame) != frame.Length - KvWire.LengthBytes)
            return "its length is wrong.";
        if (!KvWire.TryReadBlock(frame.AsSpan(KvWire.LengthBytes), tokens, out BlockKey key, out ReadOnlySpan<byte> kv))
            return "its checksum is wrong.";
        foreach (int token in tokens)
        {
            if ((uint)token >= (uint)_runner.Shape.Vocabulary)
                return $"token {token} is not in the vocabulary.";
        }
        parent = keys.Next(parent, tokens);
        if (key != parent)
            return "its key does not follow from its tokens.";
        kv.CopyTo(room);
        return null;
    }

    private bool UseNonce(MigrationTicket ticket)
    {
        lock (_gate)
        {
            Instant now = Now();
            if (_usedNonces.Count >= NoncesAtMost)
            {
                foreach (string old in _usedNonces.Where(n => n.Value < now).Select(n => n.Key).ToArray())
                    _usedNonces.Remove(old);
            }
            // A full table of unexpired nonces refuses: forgetting one would make its ticket good again.
            return _usedNonces.Count < NoncesAtMost && _usedNonces.TryAdd(ticket.Nonce, ticket.Expires);
        }
    }

    private Instant Now() => Instant.From(_time.GetUtcNow());
}
