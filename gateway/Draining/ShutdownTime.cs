using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Draining;

/// <summary>Gives the host at least the time that its gateway needs to drain; a longer time that was set stays.</summary>
internal sealed class ShutdownTime(IOptions<GatewayOptions> options) : IPostConfigureOptions<HostOptions>
{
    public void PostConfigure(string? name, HostOptions host)
    {
        TimeSpan needed;
        try
        {
            needed = options.Value.ShutdownTimeoutMin;
        }
        catch (OptionsValidationException)
        {
            // The host says so itself when it starts; here it would come as a failure to build.
            return;
        }
        if (host.ShutdownTimeout != Timeout.InfiniteTimeSpan && host.ShutdownTimeout < needed)
            host.ShutdownTimeout = needed;
    }
}
