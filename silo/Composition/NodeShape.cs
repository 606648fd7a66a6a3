namespace Astraea.Silo.Composition;

/// <summary>Chooses how a process is put together: a node of its own, or a member of a cluster where that is built in.</summary>
internal static partial class NodeShape
{
    /// <summary>Builds the process that the settings ask for; nothing listens yet.</summary>
    /// <exception cref="NodeConfigurationException">A setting does not work; the message names it.</exception>
    public static async Task<WebApplication> BuildAsync(string[] args)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        NodeSettings settings = NodeSettings.Read(builder.Configuration);
        if (!settings.IsInCluster)
            return LocalNode.Build(builder, settings);
        Task<WebApplication>? cluster = null;
        BuildCluster(builder, settings, ref cluster);
        return cluster is not null
            ? await cluster
            : throw new NodeConfigurationException("Astraea:Cluster:Id is set, but this program was built without Orleans (README, \"Opt-in packages\").");
    }

    // Implemented in ClusterNode.cs, which is compiled when the Orleans switch is on.
    static partial void BuildCluster(WebApplicationBuilder builder, NodeSettings settings, ref Task<WebApplication>? node);
}
