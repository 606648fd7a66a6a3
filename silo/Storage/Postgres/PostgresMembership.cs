using System.Text;
using Npgsql;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>What Orleans' ADO.NET clustering provider needs in the database: its silos, and the statements it reads from a table and runs.</summary>
/// <remarks>
/// The provider asks for <c>OrleansQuery(QueryKey, QueryText)</c> without a schema, hence by the search path; names of keys, parameters and result columns
/// are its contract. The statements are ours. Each is a single one, and the version row is locked before any silo row, so that writers take turns.
/// </remarks>
public static class PostgresMembership
{
    /// <summary>The name by which the provider knows Npgsql.</summary>
    public const string Invariant = "Npgsql";

    private const string Silos = $"{PostgresSchema.Name}.silo";
    private const string Clusters = $"{PostgresSchema.Name}.silo_cluster";
    private const string ThisSilo = "s.cluster = @DeploymentId AND s.address = @Address AND s.port = @Port AND s.generation = @Generation";

    private const string Columns =
        """
        s.address AS "Address", s.port AS "Port", s.generation AS "Generation", s.silo_name AS "SiloName", s.host_name AS "HostName",
        s.status AS "Status", s.proxy_port AS "ProxyPort", s.suspect_times AS "SuspectTimes", s.start_time AS "StartTime",
        s.i_am_alive_time AS "IAmAliveTime", c.version AS "Version"
        """;

    /// <summary>The provider's statements by the keys it asks for. A changed statement is a new step of the schema.</summary>
    private static readonly (string Key, string Sql)[] s_queries =
    [
        ("InsertMembershipVersionKey",
            $"""
            WITH made AS (INSERT INTO {Clusters} (cluster, version) VALUES (@DeploymentId, 0) ON CONFLICT (cluster) DO NOTHING RETURNING cluster)
            SELECT EXISTS (SELECT FROM made)
            """),
        ("InsertMembershipKey",
            $"""
            WITH moved AS (
                UPDATE {Clusters} AS c SET version = c.version + 1
                WHERE c.cluster = @DeploymentId AND c.version = @Version AND NOT EXISTS (SELECT FROM {Silos} AS s WHERE {ThisSilo})
                RETURNING c.cluster),
            joined AS (
                INSERT INTO {Silos} (cluster, address, port, generation, silo_name, host_name, status, proxy_port, start_time, i_am_alive_time)
                SELECT moved.cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM moved
                RETURNING cluster)
            SELECT EXISTS (SELECT FROM joined)
            """),
        ("UpdateMembershipKey",
            $"""
            WITH moved AS (
                UPDATE {Clusters} AS c SET version = c.version + 1
                WHERE c.cluster = @DeploymentId AND c.version = @Version AND EXISTS (SELECT FROM {Silos} AS s WHERE {ThisSilo})
                RETURNING c.cluster),
            changed AS (
                UPDATE {Silos} AS s SET status = @Status, suspect_times = @SuspectTimes, i_am_alive_time = @IAmAliveTime
                FROM moved WHERE s.cluster = moved.cluster AND {ThisSilo}
                RETURNING s.cluster)
            SELECT EXISTS (SELECT FROM changed)
            """),
        ("UpdateIAmAlivetimeKey", $"UPDATE {Silos} AS s SET i_am_alive_time = @IAmAliveTime WHERE {ThisSilo}"),
        ("MembershipReadRowKey", $"SELECT {Columns} FROM {Clusters} AS c LEFT JOIN {Silos} AS s ON {ThisSilo} WHERE c.cluster = @DeploymentId"),
        ("MembershipReadAllKey",
            $"SELECT {Columns} FROM {Clusters} AS c LEFT JOIN {Silos} AS s ON s.cluster = c.cluster WHERE c.cluster = @DeploymentId"),
        ("GatewaysQueryKey",
            $"""
            SELECT s.address AS "Address", s.proxy_port AS "ProxyPort", s.generation AS "Generation"
            FROM {Silos} AS s WHERE s.cluster = @DeploymentId AND s.status = @Status AND s.proxy_port > 0
            """),
        ("DeleteMembershipTableEntriesKey",
            $"""
            WITH gone AS (DELETE FROM {Clusters} WHERE cluster = @DeploymentId)
            DELETE FROM {Silos} WHERE cluster = @DeploymentId
            """),
        // 6 is SiloStatus.Dead.
        ("CleanupDefunctSiloEntriesKey",
            $"DELETE FROM {Silos} WHERE cluster = @DeploymentId AND status = 6 AND i_am_alive_time < @IAmAliveTime"),
    ];

    /// <summary>A step of the schema: the silos of each cluster, the version of each cluster's list, and the statements.</summary>
    internal static string Tables { get; } =
        $"""
        CREATE TABLE {Clusters} (cluster text COLLATE "C" PRIMARY KEY, version integer NOT NULL) WITH (fillfactor = 50);
        CREATE TABLE {Silos} (
            cluster text COLLATE "C" NOT NULL, address text NOT NULL, port integer NOT NULL, generation integer NOT NULL,
            silo_name text NOT NULL, host_name text NOT NULL, status integer NOT NULL, proxy_port integer, suspect_times text,
            start_time timestamptz NOT NULL, i_am_alive_time timestamptz NOT NULL,
            PRIMARY KEY (cluster, address, port, generation)) WITH (fillfactor = 50);
        CREATE TABLE {PostgresSchema.Name}.OrleansQuery (QueryKey text PRIMARY KEY, QueryText text NOT NULL);
        {Rows()}
        """;

    /// <summary>The connection string Orleans is given: the cluster's own, with our schema in its search path.</summary>
    public static string ConnectionString(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = PostgresSchema.Name, Timezone = "UTC", ApplicationName = "astraea-membership" }.ToString();

    private static string Rows()
    {
        StringBuilder sql = new();
        foreach ((string key, string query) in s_queries)
            sql.Append($"INSERT INTO {PostgresSchema.Name}.OrleansQuery VALUES ('{key}', $statement${query}$statement$);\n");
        return sql.ToString();
    }
}
