using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Astraea.Contracts.Wire;

/// <summary>Our records as they pass between processes: one byte that says which root type it is, then our JSON. No type name is ever written or read.</summary>
/// <remarks>Roots are numbered for ever: a new one goes to the end. A message of a closed family travels as its root, with the family's own discriminator.</remarks>
public static class WireFormat
{
    private static readonly JsonTypeInfo[] s_roots =
    [
        WireJson.Default.RequestMessage, WireJson.Default.RequestReply, WireJson.Default.HistoryPage, WireJson.Default.RequestStatus,
        WireJson.Default.PullRequest, WireJson.Default.Plan, WireJson.Default.ClusterView, FrontDoorCallJson.Default.FrontDoorCall,
        FrontDoorReplyJson.Default.FrontDoorReply,
    ];

    /// <summary>Escapes what JSON demands and nothing more: half of what travels is text and JSON in strings.</summary>
    private static readonly JsonWriterOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly ConcurrentDictionary<Type, int> s_rootOf = new();

    /// <summary>Whether values of this type travel by this codec.</summary>
    public static bool Carries(Type type) => RootOf(type) >= 0;

    /// <summary>Writes a value as it stands on the wire, without the frame of whoever carries it.</summary>
    /// <exception cref="ArgumentException">No such type travels.</exception>
    public static byte[] Encode(object value)
    {
        int root = RootOf(value.GetType());
        if (root < 0)
            throw new ArgumentException($"{value.GetType()} does not travel between silos.", nameof(value));
        ArrayBufferWriter<byte> buffer = new(256);
        buffer.GetSpan(1)[0] = (byte)root;
        buffer.Advance(1);
        using (Utf8JsonWriter json = new(buffer, s_plain))
            JsonSerializer.Serialize(json, value, s_roots[root]);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">These bytes are nothing that this version knows.</exception>
    public static object Decode(ReadOnlySpan<byte> data)
    {
        if (data.Length < 2 || data[0] >= s_roots.Length)
            throw new FormatException("A message of an unknown kind came in.");
        try
        {
            return JsonSerializer.Deserialize(data[1..], s_roots[data[0]]) ?? throw new FormatException("A message is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new FormatException($"A message cannot be read: {e.Message}", e);
        }
    }

    private static int RootOf(Type type) => s_rootOf.GetOrAdd(type, static t => Array.FindIndex(s_roots, r => t.IsAssignableTo(r.Type)));
}
