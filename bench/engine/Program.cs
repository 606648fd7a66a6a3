using Astraea.Bench.Engine;
using Astraea.Bench.Engine.Kernels;
using Astraea.Bench.Engine.Weights;
using BenchmarkDotNet.Running;

// See README.md beside this file for what each measurement shows.
string what = args.FirstOrDefault() ?? "";
string[] rest = [.. args.Skip(1)];
switch (what)
{
    case "kernels":
        BenchmarkSwitcher.FromTypes([typeof(LinearBenchmarks), typeof(AttentionBenchmarks), typeof(RowBenchmarks)]).Run(rest);
        return 0;
    case "linear":
        return LinearSpeeds.Run(Arguments.Read(rest));
    case "weights":
        return RandomModel.WriteAll(Arguments.Read(rest));
    case "model":
        return WholeModel.Run(Arguments.Read(rest));
    default:
        return Arguments.Usage();
}
