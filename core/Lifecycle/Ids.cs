using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Astraea.Core.Lifecycle;

/// <summary>Names one agent request. Printed as 22 base-62 characters.</summary>
[JsonConverter(typeof(RequestIdJson))]
public readonly record struct RequestId(UInt128 Value) : IComparable<RequestId>
{
    /// <summary>Length of the printed form (characters).</summary>
    public const int TextLength = 22;

    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <summary>Reads the printed form.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out RequestId id)
    {
        id = default;
        if (text.Length != TextLength)
            return false;
        UInt128 value = 0;
        foreach (char c in text)
        {
            int digit = Digits.IndexOf(c, StringComparison.Ordinal);
            // 62^22 is larger than 2^128: a text that does not fit is no id of ours.
            if (digit < 0 || value > (UInt128.MaxValue - (UInt128)digit) / 62)
                return false;
            value = value * 62 + (UInt128)digit;
        }
        id = new RequestId(value);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(RequestId other) => Value.CompareTo(other.Value);

    /// <summary>The same in every process, so that maps of requests are walked in the same order when a run is repeated. Ids are hashes already.</summary>
    public override int GetHashCode() => unchecked((int)(ulong)Value ^ (int)((ulong)Value >> 32) ^ (int)(ulong)(Value >> 64) ^ (int)(ulong)(Value >> 96));

    /// <inheritdoc/>
    public override string ToString() => string.Create(TextLength, Value, static (span, rest) =>
    {
        for (int i = span.Length - 1; i >= 0; i--)
        {
            (rest, UInt128 digit) = UInt128.DivRem(rest, 62);
            span[i] = Digits[(int)digit];
        }
    });
}

/// <summary>Names a tenant: the holder of API keys; owner of requests, histories and KV.</summary>
[JsonConverter(typeof(NameJson<TenantId>))]
public readonly record struct TenantId(string Value) : IName<TenantId>
{
    /// <inheritdoc/>
    public static TenantId FromName(string name) => new(name);

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Names a worker: one engine with one KV memory.</summary>
[JsonConverter(typeof(NameJson<WorkerId>))]
public readonly record struct WorkerId(string Value) : IName<WorkerId>
{
    /// <inheritdoc/>
    public static WorkerId FromName(string name) => new(name);

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>Names a pool: one model on one set of workers, ranked by one scheduler.</summary>
[JsonConverter(typeof(NameJson<PoolId>))]
public readonly record struct PoolId(string Value) : IName<PoolId>
{
    /// <inheritdoc/>
    public static PoolId FromName(string name) => new(name);

    /// <inheritdoc/>
    public override string ToString() => Value;
}

/// <summary>One try at running one segment of one agent request. Messages of an older attempt are answered with Stop.</summary>
/// <param name="Request">The agent request.</param>
/// <param name="Segment">Ordinal of the segment in its request, from 0.</param>
/// <param name="Attempt">Counts up over the whole request, from 1, so that a late message of any earlier lease is recognised.</param>
public readonly record struct SegmentAttempt(RequestId Request, int Segment, int Attempt)
{
    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Request}/{Segment}#{Attempt}");
}

/// <summary>An id that is a plain name on the wire.</summary>
public interface IName<TSelf> where TSelf : struct, IName<TSelf>
{
    /// <summary>The name.</summary>
    string Value { get; }

    /// <summary>Wraps a name.</summary>
    static abstract TSelf FromName(string name);
}

/// <summary>A request id is its printed form on the wire.</summary>
public sealed class RequestIdJson : JsonConverter<RequestId>
{
    /// <inheritdoc/>
    public override RequestId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        RequestId.TryParse(reader.GetString(), out RequestId id) ? id : throw new JsonException("Not a request id.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, RequestId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>A named id is its name on the wire.</summary>
public sealed class NameJson<T> : JsonConverter<T> where T : struct, IName<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        T.FromName(reader.GetString() ?? throw new JsonException("A name is a string."));

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}
