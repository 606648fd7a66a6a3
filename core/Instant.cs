using System.Text.Json;
using System.Text.Json.Serialization;

namespace Astraea.Core;

/// <summary>A point in time that a shell brought in: 100 ns ticks since the Unix epoch, UTC.</summary>
/// <remarks>A type of its own, so that core cannot reach for a clock and a duration cannot be passed for a moment.</remarks>
[JsonConverter(typeof(InstantJson))]
public readonly record struct Instant(long Ticks) : IComparable<Instant>
{
    /// <summary>The Unix epoch.</summary>
    public static Instant Epoch => default;

    /// <summary>Converts from the wall-clock type shells use.</summary>
    public static Instant From(DateTimeOffset time) => new((time - DateTimeOffset.UnixEpoch).Ticks);

    /// <summary>Converts to the wall-clock type shells use.</summary>
    public DateTimeOffset ToDateTimeOffset() => DateTimeOffset.UnixEpoch + TimeSpan.FromTicks(Ticks);

    /// <summary>The later of two moments.</summary>
    public static Instant Max(Instant left, Instant right) => left > right ? left : right;

    /// <inheritdoc/>
    public int CompareTo(Instant other) => Ticks.CompareTo(other.Ticks);

    /// <summary>Moves forward by a duration.</summary>
    public static Instant operator +(Instant left, TimeSpan right) => new(left.Ticks + right.Ticks);

    /// <summary>Moves back by a duration.</summary>
    public static Instant operator -(Instant left, TimeSpan right) => new(left.Ticks - right.Ticks);

    /// <summary>The duration between two moments.</summary>
    public static TimeSpan operator -(Instant left, Instant right) => TimeSpan.FromTicks(left.Ticks - right.Ticks);

    /// <summary>Earlier than.</summary>
    public static bool operator <(Instant left, Instant right) => left.Ticks < right.Ticks;

    /// <summary>Later than.</summary>
    public static bool operator >(Instant left, Instant right) => left.Ticks > right.Ticks;

    /// <summary>Not later than.</summary>
    public static bool operator <=(Instant left, Instant right) => left.Ticks <= right.Ticks;

    /// <summary>Not earlier than.</summary>
    public static bool operator >=(Instant left, Instant right) => left.Ticks >= right.Ticks;

    /// <inheritdoc/>
    public override string ToString() => ToDateTimeOffset().ToString("O");
}

/// <summary>An instant is its tick count on the wire.</summary>
public sealed class InstantJson : JsonConverter<Instant>
{
    /// <inheritdoc/>
    public override Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Instant value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Ticks);
}
