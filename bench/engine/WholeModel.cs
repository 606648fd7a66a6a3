using System.Globalization;
using Astraea.Bench.Engine.Peer;
using Astraea.Bench.Engine.Weights;
using Astraea.Worker.Kernels.Matrices;
using Astraea.Worker.Memory;

namespace Astraea.Bench.Engine;

/// <summary>All formats and the peer in turn, round after round, so that a busy minute falls on all of them; then medians.</summary>
internal static class WholeModel
{
    /// <summary>Runs the rounds and prints a line for each measurement and a table at the end.</summary>
    public static int Run(Arguments arguments)
    {
        if (!File.Exists(Path.Combine(arguments.Folder, "model.safetensors")))
        {
            Console.Error.WriteLine($"{arguments.Folder} has no weights yet: run 'weights' first.");
            return 2;
        }
        int threads = arguments.Number("threads", Environment.ProcessorCount), rounds = arguments.Number("rounds", 5);
        int decode = arguments.Number("decode", 64), prefill = arguments.Number("prefill", 512);
        int[] batches = [.. arguments.Text("batches", "4,16").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(b => int.Parse(b, CultureInfo.InvariantCulture))];
        KvFormat kv = Enum.Parse<KvFormat>(arguments.Text("kv", "F32"), ignoreCase: true);
        LlamaBench? peer = LlamaBench.Find(arguments.Text("peer", ""), threads);
        string[] ggufs = peer is null ? [] : arguments.Text("gguf", "bf16,q8_0,q4_0").Split(',');

        var results = new Results();
        using var memory = new MemoryBandwidth(threads);
        MeasuredModel[] models = [.. arguments.Formats.Select(f => new MeasuredModel(arguments.Folder, f, kv, threads, Math.Max(1, batches.Append(1).Max())))];
        foreach (MeasuredModel model in models)
        {
            Console.WriteLine($"{model.Numerics}: {model.WeightBytes / 1e6:F0} MB of matrices, loaded in {model.LoadSeconds:F1} s");
            model.Decode(1, 4);
        }
        for (int round = 0; round < rounds; round++)
        {
            double bandwidth = results.Add("memory", "GB/s", memory.Measure());
            foreach (MeasuredModel model in models)
            {
                string name = WeightFormats.Name(model.Format);
                double speed = results.Add(name, "decode", model.Decode(1, decode));
                results.Add(name, "share of bandwidth", speed * model.WeightBytes / 1e9 / bandwidth);
                foreach (int batch in batches)
                    results.Add(name, $"decode ×{batch}", model.Decode(batch, Math.Max(4, decode / batch)));
                results.Add(name, $"prefill {prefill}", model.Prefill(prefill));
            }
            foreach (string gguf in ggufs)
            {
                (double peerPrefill, double peerDecode) = peer!.Measure(RandomModel.GgufPath(arguments.Folder, gguf), prefill, decode);
                results.Add($"peer {gguf}", "decode", peerDecode);
                results.Add($"peer {gguf}", $"prefill {prefill}", peerPrefill);
            }
            Console.WriteLine($"round {round + 1} of {rounds}: memory {bandwidth:F1} GB/s");
        }
        results.Print();
        foreach (MeasuredModel model in models)
            model.Dispose();
        return 0;
    }
}
