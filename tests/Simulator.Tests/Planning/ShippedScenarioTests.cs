using System.Runtime.CompilerServices;
using Astraea.Simulator.Planning;

namespace Astraea.Simulator.Tests.Planning;

public sealed class ShippedScenarioTests
{
    public static TheoryData<string> Files => [.. Directory.GetFiles(Folder(), "*.yaml").Select(static f => Path.GetFileName(f)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void A_shipped_scenario_can_be_read(string file)
    {
        ScenarioPlan plan = ScenarioFile.Read(Path.Combine(Folder(), file));
        Assert.NotEmpty(plan.Workload.Sessions);
        Assert.NotEmpty(plan.Policies);
    }

    internal static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "..", "simulator", "scenarios");
}
