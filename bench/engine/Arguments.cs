using System.Globalization;
using Astraea.Worker.Kernels.Matrices;

namespace Astraea.Bench.Engine;

/// <summary>What a measurement is told: <c>--name value</c> pairs.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Folder of the random weights.</summary>
    public string Folder => Path.GetFullPath(Text("folder", Path.Combine(Path.GetTempPath(), "astraea-bench-engine")));

    /// <summary>Formats to measure.</summary>
    public WeightFormat[] Formats =>
        [.. Text("formats", "bf16,w8,w8g128,q4").Split(',').Select(name => Enum.Parse<WeightFormat>(name, ignoreCase: true))];

    /// <summary>Reads the pairs.</summary>
    public static Arguments Read(string[] args)
    {
        Arguments read = new();
        for (int i = 0; i + 1 < args.Length; i += 2)
            read._values[args[i].TrimStart('-')] = args[i + 1];
        return read;
    }

    /// <summary>A text by name.</summary>
    public string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    /// <summary>A number by name.</summary>
    public int Number(string name, int otherwise) => _values.TryGetValue(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>Says what there is.</summary>
    public static int Usage()
    {
        Console.Error.WriteLine(
            """
            astraea-bench-engine kernels [BenchmarkDotNet's own arguments, such as --filter *Linear*]
            astraea-bench-engine linear  [--formats f32,bf16,w8,w8g128,q4] [--repetitions 60]
            astraea-bench-engine weights [--folder DIR] [--gguf bf16,q8_0,q4_0]
            astraea-bench-engine model   [--folder DIR] [--formats bf16,w8,w8g128,q4] [--rounds 5] [--threads N] [--decode 64] [--prefill 512]
                                         [--batches 4,16] [--kv F32] [--peer PATH of llama-bench] [--gguf bf16,q8_0,q4_0]
            """);
        return 2;
    }
}
