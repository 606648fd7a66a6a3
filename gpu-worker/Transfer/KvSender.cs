using System.Net;
using Astraea.Core.Scheduling;

namespace Astraea.Worker.Transfer;

/// <summary>Sends pinned KV to another worker, over the TLS of its handler, and waits for the acknowledgement.</summary>
internal sealed class KvSender : IDisposable
{
    private readonly HttpClient _http;
    private readonly int _blockTokens;
    private readonly int _kvBytes;

    public KvSender(HttpMessageHandler handler, int blockTokens, int kvBytes, TimeSpan timeLimit)
    {
        _http = new HttpClient(handler) { Timeout = timeLimit };
        _blockTokens = blockTokens;
        _kvBytes = kvBytes;
    }

    /// <summary>Sends all blocks.</summary>
    /// <returns>Null when the target has taken them, else why not.</returns>
    public async Task<string?> SendAsync(Migration migration, IReadOnlyList<ExportedBlock> blocks, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(migration.TargetAddress, UriKind.Absolute, out Uri? address) || address.Scheme != Uri.UriSchemeHttps)
            return $"'{migration.TargetAddress}' is no data plane: KV goes over TLS only";
        Uri target = new(address, $"/kv/{Uri.EscapeDataString(migration.Target.Value)}");
        using HttpRequestMessage request = new(HttpMethod.Post, target)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new BlockContent(blocks, _blockTokens, _kvBytes),
        };
        request.Headers.Add(KvWire.TicketHeader, migration.Ticket);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, cancellation);
            return answer.IsSuccessStatusCode ? null : $"{(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(cancellation)}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // What TLS has against the peer stands one level down.
            return e.InnerException is { } inner ? $"{e.Message} ({inner.Message})" : e.Message;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private sealed class BlockContent(IReadOnlyList<ExportedBlock> blocks, int blockTokens, int kvBytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            byte[] head = new byte[KvWire.HeadBytes];
            KvWire.WriteHead(head, blocks.Count, blockTokens, kvBytes);
            await stream.WriteAsync(head, cancellationToken);
            byte[] frame = new byte[KvWire.LengthBytes + KvWire.BlockBytes(blockTokens, kvBytes)];
            foreach (ExportedBlock block in blocks)
            {
                KvWire.WriteBlock(frame, block.Key, block.Tokens, block.Bytes.Span);
                await stream.WriteAsync(frame, cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = KvWire.HeadBytes + (long)blocks.Count * (KvWire.LengthBytes + KvWire.BlockBytes(blockTokens, kvBytes));
            return true;
        }
    }
}
