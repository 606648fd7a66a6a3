using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;

namespace Astraea.Grains.Orleans.Contracts.Wire;

/// <summary>Teaches Orleans our wire format: silos and clients alike.</summary>
public static class WireSetup
{
    /// <summary>Adds <see cref="WireCodec"/>.</summary>
    public static IServiceCollection AddAstraeaWire(this IServiceCollection services)
    {
        WireCodec codec = new();
        services.AddSingleton(codec);
        services.AddSingleton<IGeneralizedCodec>(codec);
        services.AddSingleton<IGeneralizedCopier>(codec);
        services.AddSingleton<ITypeFilter>(codec);
        return services.AddSerializer(builder => builder.Configure(options => options.WellKnownTypeAliases[WireCodec.Name] = typeof(WireCodec)));
    }
}
