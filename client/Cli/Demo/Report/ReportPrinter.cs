using Spectre.Console;

namespace Astraea.Cli.Demo.Report;

/// <summary>Prints the table and what is needed to read it.</summary>
internal static class ReportPrinter
{
    public static void Print(IAnsiConsole console, DemoReport report, TimeSpan took)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (string policy in ReportTable.Columns(report.Seeds))
            table.AddColumn(new TableColumn(Markup.Escape(policy)).RightAligned());
        foreach (ReportRow row in ReportTable.Rows(report.Seeds))
            table.AddRow([Markup.Escape(row.Label), .. row.Cells.Select(static c => Markup.Escape(c))]);
        console.WriteLine();
        console.Write(table);
        if (report.Seeds.Length > 1)
            console.WriteLine("Mean over seeds (smallest–largest); ratios are of the same arrivals, seed by seed.");
        console.WriteLine("JCT: arrival to final answer. Schedulable JCT: without the recorded tool time. Slowdown: schedulable JCT / time alone on an idle node with KV kept.");
        console.WriteLine("λ_sat: rate at which program-fcfs works off these requests when all are there at once and tools answer at once.");
        console.WriteLine("The scheduler knows each segment's length (min_tokens = max_tokens); how many segments follow and how long tools take it predicts online, from nothing at each start.");
        console.WriteLine($"Exact outputs: {report.Seeds.Sum(static s => s.Policies.Sum(static p => p.Exact))}/{report.Seeds.Sum(static s => s.Policies.Sum(static p => p.Requests))}. "
            + $"Identical outputs under all policies: {report.Seeds.Sum(static s => s.Identical)}/{report.Seeds.Sum(static s => s.Compared)}. Took {took.TotalSeconds:0} s.");
    }
}
