using System.Collections.Concurrent;
using System.Text.Json;
using Astraea.Worker.Kernels;
using Astraea.Worker.Models.Transformer;

namespace Astraea.Worker.Tests.Models;

/// <summary>The golden models: weights, and outputs that two independent implementations agree on (tests/goldens/README.md).</summary>
internal sealed record Golden(string Name, CpuModel Model, GoldenCase[] Cases)
{
    private static readonly ConcurrentDictionary<string, Lazy<Golden>> Loaded = new();

    public static string[] Names => ["llama2-mini", "llama3-mini", "qwen2-mini", "qwen3-mini"];

    /// <summary>Instruction sets of this machine.</summary>
    public static IEnumerable<InstructionSet> Sets => Enum.GetValues<InstructionSet>().Where(InstructionSets.IsSupported);

    /// <summary>Every model with every instruction set.</summary>
    public static TheoryData<string, InstructionSet> NamesAndSets()
    {
        var data = new TheoryData<string, InstructionSet>();
        foreach (string name in Names)
        {
            foreach (InstructionSet set in Sets)
                data.Add(name, set);
        }
        return data;
    }

    public static string FolderOf(string name) => Path.Combine(AppContext.BaseDirectory, "goldens", name);

    /// <summary>Loads a model once for all tests.</summary>
    public static Golden Load(string name) => Loaded.GetOrAdd(name, n => new Lazy<Golden>(() => Read(n))).Value;

    private static Golden Read(string name)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(FolderOf(name), "golden.json")));
        GoldenCase[] cases = [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(c => new GoldenCase(
            [.. c.GetProperty("prompt").EnumerateArray().Select(v => v.GetInt32())],
            [.. c.GetProperty("logprobs").EnumerateArray().Select(v => v.GetDouble())],
            [.. c.GetProperty("greedy").EnumerateArray().Select(v => v.GetInt32())]))];
        return new Golden(name, CpuModel.Load(FolderOf(name)), cases);
    }
}

/// <summary>One prompt with what must come out.</summary>
internal sealed record GoldenCase(int[] Prompt, double[] LogProbabilities, int[] Greedy);
