using Astraea.Grains.Driver;
using Npgsql;

namespace Astraea.Silo.Storage.Postgres;

/// <summary>One database of a server: its name for people, and connections with the settings the store's promises rest on.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    // The writer looks rows up by key, some of them in tables that grow from nothing within a minute: no plan made for an empty table may stay in use.
    private const string LookUpByKey = " -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

    private readonly string _writer;

    /// <summary>Reads the settings; nothing is connected yet.</summary>
    /// <exception cref="HistoryUnavailableException">The connection string cannot be read. It is not repeated: it holds a password.</exception>
    public PostgresDatabase(PostgresHistoryOptions options)
    {
        NpgsqlConnectionStringBuilder settings = Parse(options.ConnectionString);
        int statementMs = options.StatementTimeoutSeconds * 1000;
        // Settings of the session travel with its start: they hold from the first statement, and whatever a pool resets comes back to them.
        settings.Options = (settings.Options + " -c synchronous_commit=on -c default_transaction_isolation=read\\ committed"
            + $" -c statement_timeout={statementMs} -c idle_in_transaction_session_timeout={statementMs}").TrimStart();
        settings.Timezone = "UTC";
        settings.CommandTimeout = options.StatementTimeoutSeconds + 5;
        settings.Enlist = false;
        settings.IncludeErrorDetail = false;
        if (!settings.ShouldSerialize("Timeout"))
            settings.Timeout = options.ConnectTimeoutSeconds;
        if (!settings.ShouldSerialize("Application Name"))
            settings.ApplicationName = "astraea";
        settings.MaxAutoPrepare = 32;
        settings.AutoPrepareMinUsages = 2;
        Name = $"PostgreSQL at {settings.Host}:{settings.Port}, database '{settings.Database ?? settings.Username}'";
        _writer = new NpgsqlConnectionStringBuilder(settings.ToString()) { Pooling = false, Options = settings.Options + LookUpByKey }.ToString();
        settings.Pooling = true;
        settings.MinPoolSize = 0;
        settings.MaxPoolSize = options.Readers;
        Readers = NpgsqlDataSource.Create(settings);
    }

    /// <summary>Host, port and database, as errors name them.</summary>
    public string Name { get; }

    /// <summary>Connections for reads and for single statements, kept in a pool.</summary>
    public NpgsqlDataSource Readers { get; }

    /// <summary>Opens a connection that stays with its user.</summary>
    public async Task<NpgsqlConnection> ConnectWriterAsync(CancellationToken cancellation)
    {
        var connection = new NpgsqlConnection(_writer);
        try
        {
            await connection.OpenAsync(cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Readers.DisposeAsync();

    private static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            if (!string.IsNullOrEmpty(settings.Host))
                return settings;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            // What the library says may quote a part of the string, such as a password with a semicolon in it.
        }
        throw new HistoryUnavailableException(
            "The connection string of the history database is not of the form Host=…;Port=…;Username=…;Password=…;Database=…");
    }
}
