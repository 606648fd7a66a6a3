using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using Astraea.Contracts.Transfer;
using Astraea.Core;
using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Astraea.Worker.Engine;
using Astraea.Worker.Tests.Engine;
using Astraea.Worker.Transfer;

namespace Astraea.Worker.Tests.Transfer;

public sealed class KvTransferTests
{
    private static readonly WorkerId Source = new("w0");
    private static readonly WorkerId Target = new("w1");

    private static WorkerOptions Options(WorkerId worker, int hostBlocks = 64) =>
        new() { Name = worker.Value, DeviceBlocks = 64, HostBlocks = hostBlocks, Slots = 4, StepTokens = 64 };

    [Fact]
    public async Task Moved_kv_is_used_at_the_target_and_gives_the_same_tokens()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Source));
        (RequestId id, ImmutableArray<int> context, KvPlace place) = await CallAToolAsync(rig);
        WorkerService target = rig.Add(Options(Target));

        await rig.Workers[Source].MoveAsync(Order(rig, id, place, rig.Address));
        RequestEvent.KvMoved moved = await rig.WaitForAsync<RequestEvent.KvMoved>(id);
        Assert.Equal((Target, 96), (moved.Kv.Worker, moved.Kv.HostTokens));
        Assert.Equal(6, target.Snapshot.HostHolding);
        Assert.Equal(0, rig.Workers[Source].Snapshot.Idle);

        await rig.AnswerAsync(id, context, EngineRig.Spec(max: 8));
        RequestEvent.SegmentStarted started = await rig.WaitForAsync<RequestEvent.SegmentStarted>(id, s => s.Segment == 1);
        RequestEvent.SegmentEnded ended = await rig.WaitForAsync<RequestEvent.SegmentEnded>(id, e => e.Segment == 1);
        Assert.Equal(Target, started.Worker);
        Assert.Equal((96, 6L * 128), (ended.Usage.CachedTokens, ended.Usage.MigratedBytes));
        Assert.Equal(EngineRig.Alone(context, EngineRig.Spec(max: 8), segment: 1), await rig.OutputAsync(id, 1));
    }

    [Fact]
    public async Task An_early_return_cancels_the_move_and_finds_everything_at_home()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Source));
        (RequestId id, ImmutableArray<int> context, KvPlace place) = await CallAToolAsync(rig);
        using TcpListener silent = new(IPAddress.Loopback, 0); // Takes the connection and never answers.
        silent.Start();
        Task move = rig.Workers[Source].MoveAsync(Order(rig, id, place, $"https://{silent.LocalEndpoint}"));
        using TcpClient connection = await silent.AcceptTcpClientAsync();
        Assert.False(move.IsCompleted);

        await rig.AnswerAsync(id, context, EngineRig.Spec(max: 8));
        RequestEvent.SegmentEnded ended = await rig.WaitForAsync<RequestEvent.SegmentEnded>(id, e => e.Segment == 1);
        await move;
        Assert.Equal(place.DeviceTokens, ended.Usage.CachedTokens);
        Assert.DoesNotContain(await rig.EventsAsync(id), e => e is RequestEvent.KvMoved);
        Assert.Equal(EngineRig.Alone(context, EngineRig.Spec(max: 8), segment: 1), await rig.OutputAsync(id, 1));
    }

    [Fact]
    public async Task A_refused_move_leaves_the_kv_where_it_is()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Source));
        (RequestId id, ImmutableArray<int> context, KvPlace place) = await CallAToolAsync(rig);
        await rig.Workers[Source].MoveAsync(Order(rig, id, place, rig.Address)); // There is no such worker.
        await rig.AnswerAsync(id, context, EngineRig.Spec(max: 8));
        RequestEvent.SegmentEnded ended = await rig.WaitForAsync<RequestEvent.SegmentEnded>(id, e => e.Segment == 1);
        Assert.Equal(place.DeviceTokens, ended.Usage.CachedTokens);
        Assert.DoesNotContain(await rig.EventsAsync(id), e => e is RequestEvent.KvMoved);
    }

    [Fact]
    public async Task Kv_is_not_sent_without_tls_or_without_leave_for_this_very_move()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Source));
        (RequestId id, ImmutableArray<int> context, KvPlace place) = await CallAToolAsync(rig);
        WorkerService target = rig.Add(Options(Target));
        Migration order = Order(rig, id, place, rig.Address);
        Assert.True(rig.Signer.TryOpen(order.Ticket, default, out MigrationTicket? ticket));
        Migration[] wrong =
        [
            order with { TargetAddress = rig.Address.Replace("https:", "http:", StringComparison.Ordinal) },
            order with { TargetAddress = "elsewhere" },
            order with { Ticket = "" },
            order with { Ticket = new TicketSigner(new byte[32]).Sign(ticket) },
            order with { Ticket = rig.Signer.Sign(ticket with { Request = new RequestId(9) }) },
            order with { Ticket = rig.Signer.Sign(ticket with { Tenant = new TenantId("u") }) },
            order with { Ticket = rig.Signer.Sign(ticket with { Source = new WorkerId("w2") }) },
            order with { Ticket = rig.Signer.Sign(ticket with { Target = new WorkerId("w2") }) },
            order with { Ticket = rig.Signer.Sign(ticket with { TipKey = new BlockKey(7).ToString() }) },
            order with { Ticket = rig.Signer.Sign(ticket with { NumericsClass = "another" }) },
            order with { Ticket = rig.Signer.Sign(ticket with { Expires = Instant.From(DateTimeOffset.UtcNow.AddSeconds(-1)) }) },
        ];
        foreach (Migration bad in wrong)
            await rig.Workers[Source].MoveAsync(bad);
        Assert.Equal((0, 0), (target.Snapshot.HostHolding, target.Snapshot.Idle));
        Assert.Equal(1, rig.Workers[Source].Snapshot.Idle);
        Assert.DoesNotContain(await rig.EventsAsync(id), e => e is RequestEvent.KvMoved);

        await rig.Workers[Source].MoveAsync(order); // The right one is none the worse for it.
        await rig.WaitForAsync<RequestEvent.KvMoved>(id);
        await rig.AnswerAsync(id, context, EngineRig.Spec(max: 8));
        await rig.WaitForAsync<RequestEvent.SegmentEnded>(id, e => e.Segment == 1);
    }

    [Fact]
    public async Task Blocks_on_their_way_are_held_for_nobody_until_the_last_is_right()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target));
        (byte[] stream, MigrationTicket ticket) = Export();
        int frame = KvWire.LengthBytes + KvWire.BlockBytes(16, 128);
        // A write is through once its bytes have been read, so after the fourth block three have been dealt with.
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        Task<KvReceived> taking = rig.Workers[Target].ReceiveKvAsync(rig.Signer.Sign(ticket), pipe.Reader.AsStream(), CancellationToken.None);
        await pipe.Writer.WriteAsync(stream.AsMemory(0, KvWire.HeadBytes));
        for (int i = 0; i < 4; i++)
            await pipe.Writer.WriteAsync(stream.AsMemory(KvWire.HeadBytes + i * frame, frame));
        Assert.Equal((6, 0), (rig.Workers[Target].Snapshot.HostHolding, rig.Workers[Target].Snapshot.Idle));
        await pipe.Writer.CompleteAsync();
        Assert.Equal(400, (await taking).Status);
        Assert.Equal((0, 0), (rig.Workers[Target].Snapshot.HostHolding, rig.Workers[Target].Snapshot.Idle));
    }

    [Fact]
    public async Task A_ticket_turned_away_for_want_of_room_stays_good()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target));
        (byte[] stream, MigrationTicket ticket) = Export();
        Pipe[] slow = [new(), new()];
        Task<KvReceived>[] busy = [.. slow.Select((pipe, i) => rig.Workers[Target].ReceiveKvAsync(
            rig.Signer.Sign(ticket with { Nonce = $"{i}" }), pipe.Reader.AsStream(), CancellationToken.None))];
        Assert.Equal(503, (await SendAsync(rig, rig.Signer.Sign(ticket), stream)).Status);
        foreach (Pipe pipe in slow)
            await pipe.Writer.CompleteAsync();
        await Task.WhenAll(busy);
        Assert.Equal(200, (await SendAsync(rig, rig.Signer.Sign(ticket), stream)).Status);
    }

    [Fact]
    public async Task A_host_tier_without_room_refuses_and_keeps_what_it_has()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target, hostBlocks: 8));
        (byte[] stream, MigrationTicket ticket) = Export();
        Pipe pipe = new(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1));
        Task<KvReceived> first = rig.Workers[Target].ReceiveKvAsync(rig.Signer.Sign(ticket), pipe.Reader.AsStream(), CancellationToken.None);
        await pipe.Writer.WriteAsync(stream.AsMemory(0, KvWire.HeadBytes));
        await pipe.Writer.WriteAsync(stream.AsMemory(KvWire.HeadBytes, stream.Length - KvWire.HeadBytes - 1)); // Six blocks but for a byte.
        KvReceived second = await SendAsync(rig, rig.Signer.Sign(ticket with { Nonce = "another" }), stream);
        Assert.Equal(507, second.Status);
        await pipe.Writer.WriteAsync(stream.AsMemory(stream.Length - 1));
        await pipe.Writer.CompleteAsync();
        Assert.Equal(200, (await first).Status);
        Assert.Equal(6, rig.Workers[Target].Snapshot.HostHolding);
    }

    [Fact]
    public async Task A_good_stream_is_taken_once()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target));
        (byte[] stream, MigrationTicket ticket) = Export();
        Assert.Equal(200, (await SendAsync(rig, rig.Signer.Sign(ticket), stream)).Status);
        Assert.Equal(403, (await SendAsync(rig, rig.Signer.Sign(ticket), stream)).Status);
        Assert.Equal(200, (await SendAsync(rig, rig.Signer.Sign(ticket with { Nonce = "another" }), stream)).Status);
    }

    [Fact]
    public async Task A_ticket_that_is_not_right_in_every_part_is_refused()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target));
        (byte[] stream, MigrationTicket ticket) = Export();
        string signed = rig.Signer.Sign(ticket);
        TicketSigner stranger = new(new byte[32]);
        (string Ticket, int Status)[] wrong =
        [
            ("", 401), ("x.y", 401), (signed[..^2], 401), (stranger.Sign(ticket), 401),
            (rig.Signer.Sign(ticket with { Expires = Instant.From(DateTimeOffset.UtcNow.AddSeconds(-1)) }), 401),
            (rig.Signer.Sign(ticket with { Target = new WorkerId("w2") }), 403),
            (rig.Signer.Sign(ticket with { NumericsClass = "another" }), 409),
            (rig.Signer.Sign(ticket with { TipKey = new BlockKey(7).ToString(), Nonce = "a" }), 403),
            (rig.Signer.Sign(ticket with { Tenant = new TenantId("u"), Nonce = "b" }), 400),
        ];
        foreach ((string bad, int status) in wrong)
            Assert.Equal(status, (await SendAsync(rig, bad, stream)).Status);
        Assert.Equal(0, rig.Workers[Target].Snapshot.HostHolding);
        Assert.Equal(0, rig.Workers[Target].Snapshot.Idle);
    }

    [Fact]
    public async Task A_flipped_bit_anywhere_in_the_stream_is_noticed()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target));
        (byte[] stream, MigrationTicket ticket) = Export();
        for (int at = 0; at < stream.Length; at += 7)
        {
            byte[] damaged = [.. stream];
            damaged[at] ^= 0x10;
            KvReceived received = await SendAsync(rig, rig.Signer.Sign(ticket with { Nonce = $"{at}" }), damaged);
            Assert.True(received.Status is 400 or 413, $"A flip at {at} gave {received}.");
        }
        Assert.Equal(0, rig.Workers[Target].Snapshot.HostHolding);
    }

    [Fact]
    public async Task A_source_that_lies_about_tokens_is_caught_by_the_keys()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target));
        (byte[] stream, MigrationTicket ticket) = Export();
        // Other ids under the old key, with a checksum that fits.
        Span<byte> frame = stream.AsSpan(KvWire.HeadBytes, KvWire.LengthBytes + KvWire.BlockBytes(16, 128));
        int[] tokens = new int[16];
        Assert.True(KvWire.TryReadBlock(frame[KvWire.LengthBytes..], tokens, out BlockKey key, out ReadOnlySpan<byte> bytes));
        tokens[3] ^= 1;
        KvWire.WriteBlock(frame, key, tokens, bytes.ToArray());
        KvReceived received = await SendAsync(rig, rig.Signer.Sign(ticket), stream);
        Assert.Equal(400, received.Status);
        Assert.Contains("does not follow", received.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_that_is_short_long_or_too_large_is_refused()
    {
        await using WorkerRig rig = await WorkerRig.StartAsync("astraea", Options(Target, hostBlocks: 6));
        (byte[] stream, MigrationTicket ticket) = Export();
        byte[] many = [.. stream];
        BinaryPrimitives.WriteInt32LittleEndian(many.AsSpan(4), 7);
        byte[][] wrong = [[], stream[..10], stream[..^1], [.. stream, 0], many];
        for (int i = 0; i < wrong.Length; i++)
        {
            KvReceived received = await SendAsync(rig, rig.Signer.Sign(ticket with { Nonce = $"{i}" }), wrong[i]);
            Assert.Equal(i == 4 ? 413 : 400, received.Status);
        }
        Assert.Equal(0, rig.Workers[Target].Snapshot.HostHolding);
        Assert.Equal(200, (await SendAsync(rig, rig.Signer.Sign(ticket), stream)).Status);
    }

    private static Task<KvReceived> SendAsync(WorkerRig rig, string ticket, byte[] stream) =>
        rig.Workers[Target].ReceiveKvAsync(ticket, new MemoryStream(stream), CancellationToken.None);

    /// <summary>Six blocks of an agent that waits for its tool, as they go over the wire.</summary>
    private static (byte[] Stream, MigrationTicket Ticket) Export()
    {
        EngineRig engine = new();
        RecordingSink sink = engine.Start(1, EngineRig.Context(1, 90), EngineRig.Spec(max: 8, tool: "f")).Sink;
        engine.Run();
        KvPlace place = sink.Finished.Kv!;
        Assert.True(BlockKey.TryParse(place.TipKey, out BlockKey tip));
        ExportedKv export = engine.Core.Export(new RequestId(2), tip)!;
        Assert.Equal(6, export.Blocks.Count);
        int frame = KvWire.LengthBytes + KvWire.BlockBytes(16, 128);
        byte[] stream = new byte[KvWire.HeadBytes + export.Blocks.Count * frame];
        KvWire.WriteHead(stream, export.Blocks.Count, 16, 128);
        for (int i = 0; i < export.Blocks.Count; i++)
            KvWire.WriteBlock(stream.AsSpan(KvWire.HeadBytes + i * frame, frame), export.Blocks[i].Key, export.Blocks[i].Tokens, export.Blocks[i].Bytes.Span);
        return (stream, new MigrationTicket(
            new RequestId(2), new TenantId("t"), Source, Target, place.TipKey, engine.Runner.Numerics.ToString(),
            Instant.From(DateTimeOffset.UtcNow.AddMinutes(5)), "nonce"));
    }

    private static async Task<(RequestId Id, ImmutableArray<int> Next, KvPlace Place)> CallAToolAsync(WorkerRig rig)
    {
        ImmutableArray<int> context = EngineRig.Context(1, 90);
        RequestId id = await rig.SubmitAsync(1, context, EngineRig.Spec(max: 8, tool: "f"));
        RequestEvent.SegmentEnded ended = await rig.WaitForAsync<RequestEvent.SegmentEnded>(id);
        return (id, [.. context, .. await rig.OutputAsync(id, 0), .. EngineRig.Context(2, 20)], ended.Kv!);
    }

    private static Migration Order(WorkerRig rig, RequestId id, KvPlace place, string address)
    {
        string numerics = rig.Runners[Source].Numerics.ToString();
        MigrationTicket ticket = new(
            id, new TenantId("t"), Source, Target, place.TipKey, numerics, Instant.From(DateTimeOffset.UtcNow.AddMinutes(5)), "nonce");
        return new Migration(id, new TenantId("t"), place, Target, address, numerics, rig.Signer.Sign(ticket), "test");
    }
}
