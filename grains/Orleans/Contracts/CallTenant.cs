
namespace Astraea.Grains.Orleans.Contracts;

/// <summary>For whom a call is made. It flows with the call to every grain behind it; a caller sets it, so it is a second lock and not the first.</summary>
public static class CallTenant
{
    private const string Key = "astraea.tenant";

    /// <summary>The tenant calls are made for here; null for the cluster's own.</summary>
    public static string? Current
    {
        get => RequestContext.Get(Key) as string;
        set
        {
            if (value is null)
                RequestContext.Remove(Key);
            else
                RequestContext.Set(Key, value);
        }
    }
}
