using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Identity;

/// <summary>Tells whatever carries calls to agent requests for whom they are made. A host whose calls leave the process may register one.</summary>
public interface ICallScope
{
    /// <summary>From here on, in this flow of control, calls are made for the tenant.</summary>
    void Enter(TenantId tenant);
}
