using System.Text.Json;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Tests.Fakes;

/// <summary>One event of a stream; a comment has neither name nor data.</summary>
internal sealed record StreamEvent(string? Name, string? Data)
{
    public bool IsComment => Data is null;

    public JsonElement Json => GatewayHost.Parse(Data!);

    public int Sequence => Json.GetProperty("sequence_number").GetInt32();
}

/// <summary>A stream that is being read, event by event.</summary>
internal sealed class EventStream(HttpResponseMessage response, Stream body) : IDisposable
{
    private readonly StreamReader _reader = new(body);

    public RequestId Request => GatewayHost.RequestOf(response);

    /// <summary>The next event or comment; null at the end of the stream.</summary>
    public async Task<StreamEvent?> NextAsync()
    {
        string? name = null;
        string? data = null;
        while (await _reader.ReadLineAsync() is { } line)
        {
            if (line.Length == 0)
                return new StreamEvent(name, data);
            if (line.StartsWith("event: ", StringComparison.Ordinal))
                name = line["event: ".Length..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
                data = line["data: ".Length..];
        }
        return null;
    }

    /// <summary>Events up to and with the first that fits; comments are left out.</summary>
    public async Task<List<StreamEvent>> UntilAsync(Func<StreamEvent, bool> fits)
    {
        List<StreamEvent> events = [];
        while (await NextAsync() is { } next)
        {
            if (next.IsComment)
                continue;
            events.Add(next);
            if (fits(next))
                return events;
        }
        throw new InvalidOperationException($"The stream ended after {events.Count} events.");
    }

    /// <summary>All events that are left, the last line of the stream included.</summary>
    public async Task<List<StreamEvent>> RestAsync()
    {
        List<StreamEvent> events = [];
        while (await NextAsync() is { } next)
        {
            if (!next.IsComment)
                events.Add(next);
        }
        return events;
    }

    public void Dispose()
    {
        _reader.Dispose();
        response.Dispose();
    }
}
