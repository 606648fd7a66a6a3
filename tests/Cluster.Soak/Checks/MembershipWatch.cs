using System.Collections.Concurrent;
using Npgsql;

namespace Astraea.Cluster.Soak.Checks;

/// <summary>Looks at the cluster's membership in the database several times a second, and remembers when which silo was first seen dead.</summary>
internal sealed class MembershipWatch : IAsyncDisposable
{
    private const int Dead = 6;
    private static readonly TimeSpan s_every = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<int, DateTimeOffset> _dead = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    public MembershipWatch(string postgres, string cluster) => _watching = WatchAsync(postgres, cluster);

    /// <summary>When the silo of a port was first seen dead; null when it was not.</summary>
    public DateTimeOffset? DeadSince(int port) => _dead.TryGetValue(port, out DateTimeOffset at) ? at : null;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching;
        _stop.Dispose();
    }

    private async Task WatchAsync(string postgres, string cluster)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await using NpgsqlConnection connection = new(postgres + ";Pooling=false;Timeout=3;Command Timeout=3");
                await connection.OpenAsync(_stop.Token);
                while (true)
                {
                    await LookAsync(connection, cluster);
                    await Task.Delay(s_every, _stop.Token);
                }
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException)
            {
                // The database is away: that may be the fault of the moment.
                await Task.Delay(s_every);
            }
        }
    }

    private async Task LookAsync(NpgsqlConnection connection, string cluster)
    {
        await using NpgsqlCommand look = new("SELECT port FROM astraea.silo WHERE cluster = $1 AND status = $2", connection)
        {
            Parameters = { new() { Value = cluster }, new() { Value = Dead } },
        };
        await using NpgsqlDataReader rows = await look.ExecuteReaderAsync(_stop.Token);
        while (await rows.ReadAsync(_stop.Token))
            _dead.TryAdd(rows.GetInt32(0), DateTimeOffset.UtcNow);
    }
}
