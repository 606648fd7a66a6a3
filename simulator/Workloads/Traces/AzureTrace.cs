using System.Collections.Immutable;
using System.Globalization;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Workloads.Traces;

/// <summary>Single calls as they arrived at a service: <c>TIMESTAMP,ContextTokens,GeneratedTokens</c> (Azure LLM inference trace 2023).</summary>
public static class AzureTrace
{
    /// <summary>First line of such a file.</summary>
    public const string Header = "TIMESTAMP,ContextTokens,GeneratedTokens";

    /// <summary>Reads the lines of a file; times count from the first arrival.</summary>
    /// <exception cref="TraceException">A line is not in the schema.</exception>
    public static SessionWorkload Read(string name, IReadOnlyList<string> lines)
    {
        if (lines.Count == 0 || lines[0].Trim() != Header)
            throw new TraceException($"{name}: line 1 must be `{Header}`");
        var sessions = ImmutableArray.CreateBuilder<SimulatedSession>();
        DateTime? start = null;
        int empty = 0;
        for (int i = 1; i < lines.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
                continue;
            string[] fields = lines[i].Split(',');
            if (fields.Length != 3 || !DateTime.TryParse(fields[0], CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTime at)
                || !int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out int input)
                || !int.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out int output))
            {
                throw new TraceException($"{name}: line {i + 1}: '{lines[i]}' is not a time and two counts of tokens");
            }
            start ??= at;
            if (input == 0 || output == 0)
                empty++;
            else
                sessions.Add(new SimulatedSession($"call-{i}", "default", "call", (at - start.Value).TotalSeconds, null, 0, [new SimulatedJob(0, [new SimulatedSegment(0, input, output, null, 0)])]));
        }
        return new SessionWorkload(name, sessions.ToImmutable(), empty == 0 ? [] : [$"{empty} calls without input or output are left out."]);
    }
}
