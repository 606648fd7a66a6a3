using Astraea.Simulator.Pictures;

namespace Astraea.Simulator.Reports;

/// <summary>A question put to the laboratory: the cases that answer it, and how the answer is written.</summary>
public interface ILabExperiment
{
    /// <summary>Name on the command line.</summary>
    string Name { get; }

    /// <summary>What must be run.</summary>
    IEnumerable<LabCase> Cases(LabSetting setting);

    /// <summary>Writes its section; every case has been run.</summary>
    void Write(LabSetting setting, LabSheet sheet, CancellationToken cancellation);
}

/// <summary>With what experiments are made.</summary>
/// <param name="Options">How thoroughly.</param>
/// <param name="Bench">Runs cases.</param>
/// <param name="InferCept">The mixture of the paper's kind.</param>
/// <param name="Coding">Coding agents.</param>
/// <param name="Service">Conversations with tools.</param>
/// <param name="Skewed">Long contexts among short ones, for several workers.</param>
public sealed record LabSetting(LabOptions Options, LabBench Bench, LabWorkload InferCept, LabWorkload Coding, LabWorkload Service, LabWorkload Skewed)
{
    /// <summary>The workloads of the strong goal.</summary>
    public IReadOnlyList<LabWorkload> Agents => [InferCept, Coding, Service];

    /// <summary>Where a picture says that it is from.</summary>
    public string Place(LabWorkload workload, int workers = 1) => $"{workload.Name} on {workers} × {Bench.Hardware.Name}";
}

/// <summary>The report under way, and the pictures beside it.</summary>
/// <param name="Text">The report.</param>
/// <param name="Folder">Where pictures go.</param>
public sealed record LabSheet(Markdown Text, string Folder)
{
    /// <summary>Draws a picture and shows it.</summary>
    public void Show(string name, Chart chart)
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, $"{name}.svg"), ChartSvg.Draw(chart));
        Text.Picture($"{Path.GetFileName(Folder)}/{name}.svg", chart.Title);
    }
}
