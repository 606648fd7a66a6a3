using System.Diagnostics;
using Astraea.Contracts;
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
/// Answers calls made for one tenant to a request of another as if there were no such request, and puts tenant and request on the call's activity.
/// The gateway checks by itself what it shows; this is the second lock behind it. Calls of workers are made for no tenant.
/// </summary>
public sealed class TenancyFilter : IIncomingGrainCallFilter
{
    private static readonly HistoryPage s_noHistory = new([], RequestPhase.New, 0);
    private static readonly RequestReply s_notFound = new RequestReply.Refused(RefusalCode.NotFound, "There is no such request.");

    /// <inheritdoc/>
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (CallTenant.Current is not { } caller || context.Grain is not ITenantOwned owned)
        {
            await context.Invoke();
            return;
        }
        Activity.Current?.SetTag("astraea.tenant", caller).SetTag("astraea.request", context.TargetId.Key.ToString());
        if (!IsForeign(owned, caller))
            await context.Invoke();
        // A grain that had not looked before knows now; what it answered must not leave.
        if (IsForeign(owned, caller))
            context.Result = context.InterfaceMethod.ReturnType == typeof(Task<HistoryPage>) ? s_noHistory : s_notFound;
    }

    private static bool IsForeign(ITenantOwned owned, string caller) => owned.Tenant is { } owner && owner.Value != caller;
}
