namespace Astraea.Cli.Cluster;

/// <summary>What all processes of a cluster on this machine have in common.</summary>
/// <param name="SiloPath">The silo's dll, or its executable.</param>
/// <param name="Folder">Secret, certificate authority, and a folder for each process.</param>
/// <param name="Id">Name of the cluster: its membership is told from that of others by it.</param>
/// <param name="Postgres">Connection string of the database.</param>
/// <param name="Tenant">Tenant of the only API key.</param>
/// <param name="ApiKey">The only API key.</param>
/// <param name="Settings">Settings of every process, without the leading <c>Astraea:</c>.</param>
internal sealed record ClusterPlan(
    string SiloPath, string Folder, string Id, string Postgres, string Tenant, string ApiKey, IReadOnlyDictionary<string, string> Settings);

/// <summary>One process of a cluster.</summary>
/// <param name="Name">Its name; the same again after a restart.</param>
/// <param name="Roles">Any of gateway, control and worker, separated by commas.</param>
internal sealed record MemberPlan(string Name, string Roles)
{
    /// <summary>Whether clients can talk to it.</summary>
    public bool IsGateway => Has("gateway");

    /// <summary>Whether requests and schedulers may live in it.</summary>
    public bool IsControl => Has("control");

    /// <summary>Whether it computes.</summary>
    public bool IsWorker => Has("worker");

    /// <summary>So many processes: the first ones gateway and control together, the others workers.</summary>
    public static IReadOnlyList<MemberPlan> Of(int silos, int controls) =>
    [
        .. Enumerable.Range(0, controls).Select(static i => new MemberPlan($"control{i}", "gateway,control")),
        .. Enumerable.Range(0, silos - controls).Select(static i => new MemberPlan($"worker{i}", "worker")),
    ];

    private bool Has(string role) => Roles.Split(',').Contains(role);
}
