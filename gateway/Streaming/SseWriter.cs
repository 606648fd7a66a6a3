using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Streaming;

/// <summary>Writes server-sent events; each goes out whole, in one flush, and a slow reader holds the writer back.</summary>
internal sealed class SseWriter(HttpResponse response)
{
    private readonly PipeWriter _pipe = response.BodyWriter;

    /// <summary>Sends the headers of a stream.</summary>
    public static async Task<SseWriter> StartAsync(HttpResponse response, CancellationToken cancellation)
    {
        response.ContentType = "text/event-stream; charset=utf-8";
        response.Headers.CacheControl = "no-cache";
        // Reverse proxies that buffer would hold events back.
        response.Headers["X-Accel-Buffering"] = "no";
        await response.StartAsync(cancellation);
        await response.BodyWriter.FlushAsync(cancellation);
        return new SseWriter(response);
    }

    /// <summary>Sends one event.</summary>
    /// <param name="name">Event name, or null for a bare data event.</param>
    /// <param name="data">One line of UTF-8: JSON without line breaks.</param>
    /// <param name="cancellation">Ends the wait for a slow reader.</param>
    public async Task WriteAsync(string? name, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        if (name is not null)
            Encoding.UTF8.GetBytes($"event: {name}\n", _pipe);
        _pipe.Write("data: "u8);
        _pipe.Write(data.Span);
        _pipe.Write("\n\n"u8);
        await FlushAsync(cancellation);
    }

    /// <summary>Tells of a failure in the middle of a stream.</summary>
    /// <param name="sequence">Number of the event in a Responses stream; null in a chat stream, which has neither names nor numbers.</param>
    /// <param name="error">What went wrong.</param>
    /// <param name="cancellation">Ends the wait for a slow reader.</param>
    public Task WriteErrorAsync(int? sequence, ApiError error, CancellationToken cancellation) => sequence is { } number
        ? WriteAsync("error", JsonSerializer.SerializeToUtf8Bytes(
            new ResponseErrorEvent("error", number, error.Code, error.Message, error.Param, error.Detail), WireJson.Wire.ResponseErrorEvent), cancellation)
        : WriteAsync(null, JsonSerializer.SerializeToUtf8Bytes(new ErrorBody(error.Detail), WireJson.Wire.ErrorBody), cancellation);

    /// <summary>Sends the line every stream ends with.</summary>
    public Task WriteDoneAsync(CancellationToken cancellation) => WriteAsync(null, "[DONE]"u8.ToArray(), cancellation);

    /// <summary>Sends a comment, which clients skip: it keeps the connection open while a request waits its turn.</summary>
    public async Task WriteCommentAsync(CancellationToken cancellation)
    {
        _pipe.Write(": waiting\n\n"u8);
        await FlushAsync(cancellation);
    }

    private async Task FlushAsync(CancellationToken cancellation)
    {
        FlushResult flushed = await _pipe.FlushAsync(cancellation);
        if (flushed.IsCompleted || flushed.IsCanceled)
            throw new OperationCanceledException("The reader has gone.");
    }
}
