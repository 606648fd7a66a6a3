using System.Collections;
using System.Reflection;
using Astraea.Gateway;
using Astraea.Silo.Options;
using Astraea.Worker.Engine;

namespace Astraea.Chart.Tests;

/// <summary>What the silo can be told, read from its option classes.</summary>
internal static class SiloSettings
{
    /// <summary>Option classes and the section each is bound to.</summary>
    public static IReadOnlyList<(Type Class, string Section)> Classes { get; } =
    [
        .. new[] { typeof(NodeOptions).Assembly, typeof(GatewayOptions).Assembly }.SelectMany(a => a.GetTypes())
            .Select(type => (type, Section: type.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() as string))
            .Where(pair => pair.Section is not null).Select(pair => (pair.type, pair.Section!)),
        // A library's class has no place of its own in a configuration; it shares that of the pool.
        (typeof(WorkerOptions), WorkerPoolOptions.Section),
    ];

    /// <summary>Environment variables that set a property; N stands for an index.</summary>
    public static IReadOnlySet<string> Names { get; } =
        Classes.SelectMany(pair => Properties(pair.Class, pair.Section.Replace(":", "__", StringComparison.Ordinal))).ToHashSet();

    private static IEnumerable<string> Properties(Type type, string prefix)
    {
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite))
        {
            Type of = property.PropertyType;
            if (of != typeof(string) && of.IsGenericType && of.IsAssignableTo(typeof(IEnumerable)))
            {
                foreach (string name in Properties(of.GetGenericArguments()[0], $"{prefix}__{property.Name}__N"))
                    yield return name;
            }
            else
                yield return $"{prefix}__{property.Name}";
        }
    }
}
