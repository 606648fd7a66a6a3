namespace Astraea.Cluster.Soak.Load;

/// <summary>Where agents find a gateway: whatever is up at the moment, dealt out in turn.</summary>
internal sealed class Gateways(Func<IReadOnlyList<Uri>> up, string apiKey)
{
    public string ApiKey { get; } = apiKey;

    /// <summary>One to try; never the one that just failed while there is another.</summary>
    /// <param name="turn">Number of the agent plus of its tries.</param>
    /// <param name="not">The one that just failed, or null.</param>
    public async Task<Uri> ChooseAsync(int turn, Uri? not, CancellationToken cancellation)
    {
        while (true)
        {
            Uri[] all = [.. up()];
            Uri[] others = [.. all.Where(u => u != not)];
            Uri[] from = others.Length > 0 ? others : all;
            if (from.Length > 0)
                return from[turn % from.Length];
            await Task.Delay(100, cancellation);
        }
    }
}
