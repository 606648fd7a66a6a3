using System.CommandLine;
using Astraea.Cli.Demo.Report;
using Astraea.Client;
using Astraea.Client.Wire;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;
using Spectre.Console;

namespace Astraea.Cli.Commands;

/// <summary><c>astraea requests ID</c> and <c>astraea cluster-view</c>: look at a running node.</summary>
internal static class InspectCommands
{
    private static readonly Option<Uri> Url = new("--url")
    {
        Description = "Address of the node; default from ASTRAEA_URL, else http://127.0.0.1:8080.",
        DefaultValueFactory = static _ => new Uri(Environment.GetEnvironmentVariable("ASTRAEA_URL") ?? "http://127.0.0.1:8080"),
    };

    private static readonly Option<string?> Key = new("--key")
    {
        Description = "API key; default from ASTRAEA_KEY.",
        DefaultValueFactory = static _ => Environment.GetEnvironmentVariable("ASTRAEA_KEY"),
    };

    public static Command Requests()
    {
        Argument<string> id = new("id") { Description = "Id of the agent request (header x-astraea-request-id of its answers)." };
        Command command = new("requests", "Shows one agent request: its history in short, and its receipt.") { id, Url, Key };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AstraeaClient client = Connect(parsed);
            Print(AnsiConsole.Console, await client.GetAgentRequestAsync(parsed.GetValue(id)!, cancellation));
            return 0;
        });
        return command;
    }

    public static Command ClusterView()
    {
        Command command = new("cluster-view", "Shows workers and live requests as the scheduler knows them.") { Url, Key };
        command.SetAction(async (parsed, cancellation) =>
        {
            using AstraeaClient client = Connect(parsed);
            Print(AnsiConsole.Console, await client.GetClusterAsync(cancellation));
            return 0;
        });
        return command;
    }

    private static AstraeaClient Connect(ParseResult parsed) =>
        // A person waits: one try.
        new(new AstraeaClientOptions { Endpoint = parsed.GetValue(Url)!, ApiKey = parsed.GetValue(Key), RetryFor = TimeSpan.Zero });

    private static void Print(IAnsiConsole console, AgentRequestReport report)
    {
        console.WriteLine($"{report.Id}  {report.Phase}  {report.Category}  segment {report.Segment}");
        foreach (var happened in report.Events)
            console.WriteLine($"  {happened.GetRawText()}");
        Receipt r = report.Receipt;
        console.WriteLine($"{r.Segments} segments; input {r.PromptTokens} ({r.CachedTokens} cached, {r.RecomputedTokens} recomputed), output {r.SampledTokens} sampled, {r.FedTokens} fed (tokens)");
        console.WriteLine($"{r.DeviceSeconds:0.000} s device, {r.WaitedSeconds:0.000} s waited, {r.ToolSeconds:0.000} s tools; {r.Preemptions} preemptions, {r.Migrations} migrations");
        console.WriteLine($"KV: {r.Decisions.Preserve} preserved, {r.Decisions.Swap} swapped, {r.Decisions.Discard} discarded; {r.SwappedOutBytes} B out, {r.SwappedInBytes} B in, {r.MigratedBytes} B migrated");
    }

    private static void Print(IAnsiConsole console, ClusterView view)
    {
        console.WriteLine($"pool {view.Pool}, policy {view.Policy}, epoch {view.Epoch}");
        foreach (WorkerView w in view.Workers)
            console.WriteLine($"{w.Worker}: {w.Running} running, {w.Queued} queued, {w.BlocksTotal - w.BlocksFree}/{w.BlocksTotal} blocks, {w.NumericsClass}");
        foreach (RequestView r in view.Requests)
            console.WriteLine($"{r.Request}  {r.Category}  {r.Phase}  segment {r.Segment}  level {r.Level}  KV {LiveBoard.KvTier(r.Kv)}  context {r.ContextTokens}  {r.Reason}");
    }
}
