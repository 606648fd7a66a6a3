namespace Astraea.Cli.Cluster;

/// <summary>A PostgreSQL server whose folder goes with it.</summary>
internal sealed class TemporaryPostgres : IAsyncDisposable
{
    private readonly string _folder;

    private TemporaryPostgres(PostgresServer server, string folder)
    {
        Server = server;
        _folder = folder;
    }

    /// <summary>The server.</summary>
    public PostgresServer Server { get; }

    /// <summary>Starts one in a new folder.</summary>
    /// <exception cref="PostgresServerException">PostgreSQL is not installed, or did not start.</exception>
    public static async Task<TemporaryPostgres> StartAsync(CancellationToken cancellation)
    {
        // A folder of its own, not one below ours: started by root, the server runs as another user, who may not enter ours.
        string folder = Directory.CreateTempSubdirectory("astraea-postgres-").FullName;
        try
        {
            return new TemporaryPostgres(await PostgresServer.StartAsync(folder, cancellation), folder);
        }
        catch
        {
            TemporaryFolder.Delete(folder);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        TemporaryFolder.Delete(_folder);
    }
}

/// <summary>Folders among temporary files.</summary>
internal static class TemporaryFolder
{
    /// <summary>Deletes one; a leftover is no reason to fail.</summary>
    public static void Delete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody still writes there.
        }
    }
}
