using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Astraea.Core.Lifecycle;

/// <summary>Names one tool call of one agent request, so that an echoed id finds its request without any header.</summary>
/// <param name="Request">The agent request whose output holds the call.</param>
/// <param name="Ordinal">Counts the calls of the whole request, from 0, over all its segments.</param>
public readonly record struct CallId(RequestId Request, int Ordinal)
{
    /// <summary>What every printed call id starts with.</summary>
    public const string Prefix = "call_";

    /// <summary>Reads the printed form; false for ids that others made, and for forms we would not print.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out CallId id)
    {
        id = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal) || text.Length <= Prefix.Length + RequestId.TextLength)
            return false;
        ReadOnlySpan<char> digits = text.AsSpan(Prefix.Length + RequestId.TextLength);
        if (!RequestId.TryParse(text.AsSpan(Prefix.Length, RequestId.TextLength), out RequestId request)
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal)
            || (digits.Length > 1 && digits[0] == '0'))
            return false;
        id = new CallId(request, ordinal);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Request}{Ordinal}");
}
