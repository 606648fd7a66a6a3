using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Astraea.Cli.Cluster;

namespace Astraea.Cluster.Soak.Checks;

/// <summary>A scheduler that began.</summary>
/// <param name="At">When its line was read.</param>
/// <param name="Process">Where it lives.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Live">Requests it found live.</param>
/// <param name="Took">From activation until it answers pulls.</param>
internal sealed record SchedulerStart(DateTimeOffset At, string Process, long Epoch, int Live, TimeSpan Took);

/// <summary>Picks out of the logs of all processes what a fault run wants to know.</summary>
internal sealed partial class LogWatch
{
    private readonly ConcurrentQueue<SchedulerStart> _schedulers = new();
    private readonly ConcurrentDictionary<string, string> _headers = new();
    private readonly ConcurrentDictionary<string, int> _errors = new();

    /// <summary>Schedulers in the order they began.</summary>
    public IReadOnlyList<SchedulerStart> Schedulers => [.. _schedulers];

    /// <summary>Where the scheduler lives.</summary>
    public string SchedulerProcess => _schedulers.Last().Process;

    /// <summary>Error lines, without their figures, and how often each came.</summary>
    public IReadOnlyList<(string What, int Times)> Errors => [.. _errors.OrderByDescending(e => e.Value).Select(e => (e.Key, e.Value))];

    /// <summary>Takes a line of a process; called from several threads.</summary>
    public void Take(ProcessLine line)
    {
        if (line.Text.Length > 4 && line.Text[4] == ':' && !char.IsWhiteSpace(line.Text[0]))
        {
            _headers[line.Process] = line.Text;
            return;
        }
        bool isFirst = _headers.TryRemove(line.Process, out string? header);
        if (isFirst && (header!.StartsWith("fail", StringComparison.Ordinal) || header.StartsWith("crit", StringComparison.Ordinal)))
            Count($"{header} {Figures().Replace(line.Text.Trim(), "#")}");
        if (line.Text.StartsWith("Unhandled exception", StringComparison.Ordinal))
            Count($"{line.Process}: {line.Text}");
        if (Began().Match(line.Text) is { Success: true } m)
        {
            _schedulers.Enqueue(new SchedulerStart(
                line.At, line.Process, long.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture),
                TimeSpan.Parse(m.Groups[3].Value, CultureInfo.InvariantCulture)));
        }
    }

    private void Count(string what) => _errors.AddOrUpdate(what, 1, static (_, n) => n + 1);

    [GeneratedRegex("""began epoch (\d+) with (\d+) live requests after (\S+)""")]
    private static partial Regex Began();

    [GeneratedRegex("""[0-9a-zA-Z]{16,}|\d+""")]
    private static partial Regex Figures();
}
