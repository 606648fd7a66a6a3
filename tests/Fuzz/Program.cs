using System.Globalization;
using Astraea.Fuzz;

if (args is not [var name, .. var rest] || Targets.All.FirstOrDefault(target => target.Name == name) is not { } target)
{
    Console.Error.WriteLine($"usage: astraea-fuzz {string.Join('|', Targets.All.Select(t => t.Name))} [inputs] [seed] [first]");
    return 2;
}
int count = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 100_000;
int seed = rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : 1;
int first = rest.Length > 2 ? int.Parse(rest[2], CultureInfo.InvariantCulture) : 0;
int at = first;
// Who hangs is told by number; the run goes on, so that a debugger can be attached.
using var watch = new Timer(_ => Console.Error.WriteLine($"at input {Volatile.Read(ref at)}"), null, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30));
FuzzReport report = FuzzRun.Run(target, seed, first, count, i => Volatile.Write(ref at, i));
foreach (string problem in report.Problems)
    Console.WriteLine($"PROBLEM {problem}");
Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
    $"{name}: {report.Inputs} inputs (seed {seed}): {report.Accepted} accepted, {report.Refused} refused by place, {report.Problems.Count} problems; slowest {report.SlowestSeconds:0.00} s, most allocated {report.PeakAllocatedBytes / 1048576.0:0.0} MiB, working set {Environment.WorkingSet / 1048576} MiB"));
return report.Problems.Count == 0 ? 0 : 1;
