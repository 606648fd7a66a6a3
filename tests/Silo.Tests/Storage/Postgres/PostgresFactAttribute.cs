using Astraea.Cli.Cluster;

namespace Astraea.Silo.Tests.Storage.Postgres;

/// <summary>A test that needs a PostgreSQL server on this machine; skipped, with the reason, where none is installed.</summary>
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresNeed.Missing;
}

/// <summary>As <see cref="PostgresFactAttribute"/>, with data.</summary>
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresNeed.Missing;
}

internal static class PostgresNeed
{
    public static string? Missing { get; } = PostgresServer.FindBinaries() is null ? "PostgreSQL is not installed on this machine." : null;
}
