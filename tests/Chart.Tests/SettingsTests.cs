using System.Text.RegularExpressions;
using Astraea.Worker.Engine;

namespace Astraea.Chart.Tests;

/// <summary>The chart and the values' comments name nothing that the silo does not read. Needs no template engine.</summary>
public sealed partial class SettingsTests
{
    [Fact]
    public void Every_setting_the_templates_name_is_an_option_of_the_silo()
    {
        Guard.Clean(ChartFiles.Templates.SelectMany(t => Unknown(t.Key, t.Value)));
        Guard.Clean(Unknown("values.yaml", File.ReadAllText(Path.Combine(ChartFiles.Folder, "values.yaml"))));
    }

    [Fact]
    public void The_image_sets_options_of_the_silo_only()
    {
        string image = File.ReadAllText(Path.Combine(ChartFiles.Root, "deploy", "docker", "Dockerfile"));
        Assert.Contains("Astraea__Listen=", image, StringComparison.Ordinal);
        Guard.Clean(Unknown("Dockerfile", image));
    }

    [Fact]
    public void Every_option_class_the_chart_uses_is_bound_somewhere()
    {
        string[] used = [.. ChartFiles.Templates.Values.SelectMany(t => Setting().Matches(t)).Select(m => General(m.Value)).Distinct()];
        string sources = string.Join('\n', new[] { "silo", "gateway" }.SelectMany(folder =>
            Directory.GetFiles(Path.Combine(ChartFiles.Root, folder), "*.cs", SearchOption.AllDirectories)).Select(File.ReadAllText));
        // WorkerOptions is bound from the section of its pool.
        Guard.Clean(SiloSettings.Classes.Where(c => c.Class != typeof(WorkerOptions))
            .Where(c => used.Any(name => name.StartsWith(c.Section.Replace(":", "__", StringComparison.Ordinal) + "__", StringComparison.Ordinal)))
            .Where(c => !Regex.IsMatch(sources, $@"[( ]{c.Class.Name}\.Section[),]"))
            .Select(c => $"nothing binds {c.Class.Name}"));
    }

    [Fact]
    public void A_setting_the_silo_does_not_read_is_found()
    {
        Assert.Equal(["t: Astraea__Worker__Slot is no option of the silo"], Unknown("t", "- name: Astraea__Worker__Slot\n- name: Astraea__Worker__Slots\n"));
        Assert.Empty(Unknown("t", "Astraea__Gateway__ApiKeys__{{ $i }}__Key: x\nAstraea__Gateway__ApiKeys__0__Tenant: y\n"));
        Assert.Single(Unknown("t", "Astraea__Gateway__ApiKeys__{{ $i }}__Secret: x\n"));
    }

    internal static string General(string name) => Index().Replace(name, "__N__");

    private static IEnumerable<string> Unknown(string file, string text) =>
        Setting().Matches(text).Select(m => m.Value).Distinct().Where(name => !SiloSettings.Names.Contains(General(name)))
            .Select(name => $"{file}: {name} is no option of the silo");

    [GeneratedRegex("""\bAstraea__(\w|\{\{[^}]*\}\})+""")]
    private static partial Regex Setting();

    [GeneratedRegex("""__(\d+|\{\{[^}]*\}\})__""")]
    private static partial Regex Index();
}
