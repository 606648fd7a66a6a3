using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;
using Astraea.Grains.Orleans.Contracts;

namespace Astraea.Silo.Orleans;

/// <summary>Puts the tenant of an HTTP request on the grain calls it causes, where the tenancy filter looks for it.</summary>
internal sealed class GrainCallScope : ICallScope
{
    public void Enter(TenantId tenant) => CallTenant.Current = tenant.Value;
}
