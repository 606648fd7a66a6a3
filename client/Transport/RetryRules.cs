using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Astraea.Client.Transport;

/// <summary>When a call is repeated and after what pause. Pure.</summary>
internal static class RetryRules
{
    /// <summary>Whether an answer of that status may come out otherwise next time; the server's <c>x-should-retry</c> counts more.</summary>
    public static bool IsWorthRepeating(HttpStatusCode status, HttpResponseHeaders headers)
    {
        if (Read(headers, "x-should-retry") is { } word)
            return word == "true";
        return status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)status >= 500;
    }

    /// <summary>Whether an answer of that status says that this server, or the one behind a proxy, is away: another one may serve.</summary>
    public static bool IsAway(HttpStatusCode status) =>
        status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>What the server asks for: <c>retry-after-ms</c>, or <c>Retry-After</c> in seconds or as a date; null when it does not say.</summary>
    public static TimeSpan? AskedPause(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Read(headers, "retry-after-ms") is { } text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double ms) && ms is >= 0 and < 1e9)
            return TimeSpan.FromMilliseconds(ms);
        return headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date > now ? date - now : TimeSpan.Zero,
            _ => null,
        };
    }

    /// <summary>The pause of the client's own choice before try <paramref name="next"/> (from 1): doubling, with a limit.</summary>
    public static TimeSpan OwnPause(AstraeaClientOptions options, int next)
    {
        double doubled = options.RetryPause.TotalSeconds * Math.Pow(2, Math.Min(next - 1, 30));
        return TimeSpan.FromSeconds(Math.Min(doubled, options.RetryPauseMax.TotalSeconds));
    }

    private static string? Read(HttpResponseHeaders headers, string name) =>
        headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;
}
