using System.Diagnostics;
using Astraea.Core.Lifecycle;
using Astraea.Grains.Orleans.Contracts;

namespace Astraea.Grains.Orleans;

/// <summary>A grain that belongs to a tenant, once it is known to whom.</summary>
internal interface ITenantOwned
{
    /// <summary>The owner; null while the grain has not looked.</summary>
    TenantId? Tenant { get; }
}

/// <summary>
/// Turns away calls made for one tenant to a request of another, and puts tenant and request on the call's activity. The gateway checks by itself
/// what it shows; this is the second lock behind it. Calls of workers are made for no tenant.
/// </summary>
public sealed class TenancyFilter : IIncomingGrainCallFilter
{
    /// <inheritdoc/>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        string? caller = CallTenant.Current;
        if (caller is not null && context.Grain is ITenantOwned owned)
        {
            Check(owned, caller, context);
            Activity.Current?.SetTag("astraea.tenant", caller).SetTag("astraea.request", context.TargetId.Key.ToString());
            await context.Invoke();
            // A grain that had not looked before knows now; what it answered must not leave.
            Check(owned, caller, context);
            return;
        }
        await context.Invoke();
    }

    private static void Check(ITenantOwned owned, string caller, IIncomingGrainCallContext context)
    {
        if (owned.Tenant is { } owner && owner.Value != caller)
            throw new UnauthorizedAccessException($"There is no request {context.TargetId.Key} for this tenant.");
    }
}
