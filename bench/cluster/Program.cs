using Astraea.Bench.Cluster;

// Each measurement stands alone; see README.md beside this file for what it shows and what it needs.
string what = args.FirstOrDefault() ?? "";
string[] rest = [.. args.Skip(1)];
return what switch
{
    "scheduler" => await SchedulerLeases.RunAsync(Arguments.Read(rest)),
    "live" => await LiveRequests.RunAsync(Arguments.Read(rest)),
    "segment" => await SegmentOverhead.RunAsync(Arguments.Read(rest)),
    "skew" => await SkewedSessions.RunAsync(Arguments.Read(rest)),
    _ => Arguments.Usage(),
};
