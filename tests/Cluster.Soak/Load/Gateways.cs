using System.Collections.Concurrent;

namespace Astraea.Cluster.Soak.Load;

/// <summary>Where agents find a gateway: whatever is up at the moment, dealt out in turn.</summary>
internal sealed class Gateways(Func<IReadOnlyList<Uri>> up, string apiKey)
{
    private static readonly TimeSpan s_away = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<Uri, DateTimeOffset> _leaving = new();

    public string ApiKey { get; } = apiKey;

    /// <summary>A gateway has said that it leaves: nobody goes there for a while, as behind a balancer that looks at readiness.</summary>
    public void Leaves(Uri gateway) => _leaving[gateway] = DateTimeOffset.UtcNow + s_away;

    /// <summary>One to try; never the one that just failed while there is another.</summary>
    /// <param name="turn">Number of the agent plus of its tries.</param>
    /// <param name="not">The one that just failed, or null.</param>
    public async Task<Uri> ChooseAsync(int turn, Uri? not, CancellationToken cancellation)
    {
        while (true)
        {
            Uri[] all = [.. up()];
            Uri[] staying = [.. all.Where(u => !_leaving.TryGetValue(u, out DateTimeOffset until) || until < DateTimeOffset.UtcNow)];
            if (staying.Length > 0)
                all = staying;
            Uri[] others = [.. all.Where(u => u != not)];
            Uri[] from = others.Length > 0 ? others : all;
            if (from.Length > 0)
                return from[turn % from.Length];
            await Task.Delay(100, cancellation);
        }
    }
}
