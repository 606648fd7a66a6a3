using Astraea.Core.Lifecycle;

namespace Astraea.Core.Scheduling;

/// <summary>What each tenant has been served, beside the one that has been served least: fair queueing over tenants.</summary>
/// <remarks>
/// Sheng et al., Fairness in Serving LLMs (arXiv 2401.00588 §4): a counter of service for each tenant with live requests. Who comes back after being away begins with
/// the least counter, so that absence is not saved up and a newcomer does not shut out the others.
/// </remarks>
public sealed class TenantShares
{
    private readonly Dictionary<TenantId, (int Live, double Served)> _tenants = [];

    /// <summary>A request of a tenant has come.</summary>
    public void Join(TenantId tenant)
    {
        (int live, double served) = _tenants.GetValueOrDefault(tenant);
        if (live == 0)
            served = Math.Max(served, Least() ?? served);
        _tenants[tenant] = (live + 1, served);
    }

    /// <summary>A request of a tenant has ended. A tenant without requests is forgotten.</summary>
    public void Leave(TenantId tenant)
    {
        if (!_tenants.TryGetValue(tenant, out (int Live, double Served) known))
            return;
        if (known.Live <= 1)
            _tenants.Remove(tenant);
        else
            _tenants[tenant] = (known.Live - 1, known.Served);
    }

    /// <summary>A tenant's request was served.</summary>
    public void Serve(TenantId tenant, double seconds)
    {
        if (seconds > 0 && _tenants.TryGetValue(tenant, out (int Live, double Served) known))
            _tenants[tenant] = (known.Live, known.Served + seconds);
    }

    /// <summary>Device seconds that a tenant has had beyond the one that has had least (s).</summary>
    public double Lead(TenantId tenant) =>
        _tenants.Count > 1 && _tenants.TryGetValue(tenant, out (int Live, double Served) known) ? known.Served - Least()!.Value : 0;

    private double? Least()
    {
        double? least = null;
        foreach ((int live, double served) in _tenants.Values)
        {
            if (live > 0 && !(served >= least))
                least = served;
        }
        return least;
    }
}
