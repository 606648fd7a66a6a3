using Astraea.Cli.Cluster;

namespace Astraea.Cluster.Tests.Processes;

/// <summary>A test over real processes and a PostgreSQL server of its own; skipped, visibly, where PostgreSQL is not installed.</summary>
public sealed class ProcessFactAttribute : FactAttribute
{
    public ProcessFactAttribute()
    {
        if (PostgresServer.FindBinaries() is null)
            Skip = "PostgreSQL is not installed here.";
    }
}
