using Astraea.Cli.Cluster;
using Astraea.Silo.Storage.Postgres;
using Npgsql;

namespace Astraea.Silo.Tests.Storage.Postgres;

[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresFixture>
{
    public const string Name = "PostgreSQL";
}

/// <summary>One server for all tests of this assembly, and a database for whoever asks.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("astraea-postgres-");
    private PostgresServer? _server;
    private int _databases;

    public async Task InitializeAsync()
    {
        if (PostgresNeed.Missing is null)
            _server = await PostgresServer.StartAsync(_folder.FullName, CancellationToken.None);
    }

    public async Task DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    /// <summary>Connection string of a new, empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        string name = $"test_{Interlocked.Increment(ref _databases)}";
        await _server!.CreateDatabaseAsync(name, CancellationToken.None);
        return _server.ConnectionString(name);
    }

    public static Task<PostgresHistoryStore> OpenAsync(string database) =>
        PostgresHistoryStore.OpenAsync(new PostgresHistoryOptions { ConnectionString = database });

    public static async Task<object?> SqlAsync(string database, string sql)
    {
        await using NpgsqlConnection connection = new(database + ";Pooling=false");
        await connection.OpenAsync();
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
