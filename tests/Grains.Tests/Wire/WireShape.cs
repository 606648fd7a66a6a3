using System.Collections;
using System.Collections.Immutable;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Astraea.Grains.Tests.Wire;

/// <summary>Walks what our JSON holds, by type and by value.</summary>
internal static class WireShape
{
    /// <summary>Every record that can be met under a root: fields, entries of arrays, members of closed families.</summary>
    public static IReadOnlySet<Type> RecordsUnder(IEnumerable<Type> roots)
    {
        HashSet<Type> met = [];
        Queue<Type> open = new(roots);
        while (open.TryDequeue(out Type? type))
        {
            if (IsLeaf(type) || !met.Add(type))
                continue;
            foreach (Type member in FamilyOf(type))
                open.Enqueue(member);
            foreach (PropertyInfo property in FieldsOf(type))
                open.Enqueue(EntryOf(property.PropertyType));
        }
        met.RemoveWhere(type => type.IsAbstract);
        return met;
    }

    /// <summary>The fields of a record on the wire.</summary>
    public static IEnumerable<PropertyInfo> FieldsOf(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(p => p.SetMethod is not null && p.GetCustomAttribute<JsonIgnoreAttribute>() is null);

    /// <summary>The members of a closed family, from the class itself: what is not declared to the serializer is a member all the same.</summary>
    public static IEnumerable<Type> FamilyOf(Type type) => type.IsAbstract ? type.GetNestedTypes().Where(t => t.IsSubclassOf(type)) : [];

    /// <summary>Calls back for each field of each record in a value, with what it holds.</summary>
    public static void Visit(object value, Action<Type, PropertyInfo, object?> seen)
    {
        if (value is IEnumerable entries and not string)
        {
            foreach (object? entry in entries)
                Visit(entry!, seen);
            return;
        }
        if (IsLeaf(value.GetType()))
            return;
        foreach (PropertyInfo property in FieldsOf(value.GetType()))
        {
            object? held = property.GetValue(value);
            seen(value.GetType(), property, held);
            if (held is not null)
                Visit(held, seen);
        }
    }

    /// <summary>Whether a field holds more than what it holds when nobody sets it.</summary>
    public static bool IsSet(PropertyInfo property, object? held) => held switch
    {
        null => false,
        string text => text.Length > 0,
        IEnumerable entries => entries.Cast<object>().Any(),
        ValueType when Nullable.GetUnderlyingType(property.PropertyType) is null => !held.Equals(Activator.CreateInstance(property.PropertyType)),
        _ => true,
    };

    private static Type EntryOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ImmutableArray<>) ? EntryOf(type.GetGenericArguments()[0]) : type;
    }

    private static bool IsLeaf(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(TimeSpan) || type == typeof(JsonElement)
        || type.GetCustomAttribute<JsonConverterAttribute>() is not null;
}
