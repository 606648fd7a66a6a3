using Astraea.Worker.Models.Output.Forms;

namespace Astraea.Worker.Models.Output.Schemas;

/// <summary>Alternatives of which exactly one may fit: a form follows any, so no two may ever fit together.</summary>
internal static class ExclusiveOptions
{
    /// <summary>Checks every two of them.</summary>
    /// <exception cref="SchemaException">Two may overlap.</exception>
    public static void Check(List<ValueSchema> options, string place, SchemaBudget budget)
    {
        for (int i = 0; i < options.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                budget.Charge(1, place);
                if (!options[i].Leaves.All(a => options[j].Leaves.All(b => AreApart(a, b))))
                    throw new SchemaException(place, $"alternatives {j} and {i} may fit the same value; give them different types, or a required property with different constants");
            }
        }
    }

    private static bool AreApart(ValueSchema a, ValueSchema b)
    {
        if (a.Values is { } x && b.Values is { } y)
            return !x.Exists(value => y.Exists(other => other.AsSpan().SequenceEqual(value)));
        if (a.Values is not null || b.Values is not null)
            return (KindsOf(a) & KindsOf(b)) == 0;
        ValueKinds shared = Widened(a.Kinds) & Widened(b.Kinds);
        return shared == ValueKinds.None || (shared == ValueKinds.Members && AreToldApart(a, b));
    }

    /// <summary>Whether a member both must have can only be different.</summary>
    private static bool AreToldApart(ValueSchema a, ValueSchema b) => a.Members?.Exists(member => member.Required && member.Value.Values is not null
        && b.Members?.Find(other => other.Key.AsSpan().SequenceEqual(member.Key)) is { Required: true } other && other.Value.Values is not null && AreApart(member.Value, other.Value)) == true;

    private static ValueKinds KindsOf(ValueSchema schema) => schema.Values is { } values ? values.Select(OfFirst).Aggregate((a, b) => a | b) : Widened(schema.Kinds);

    private static ValueKinds OfFirst(byte[] value) => value[0] switch
    {
        (byte)'"' => ValueKinds.Text,
        (byte)'{' => ValueKinds.Members,
        (byte)'[' => ValueKinds.Items,
        (byte)'n' => ValueKinds.Null,
        (byte)'t' or (byte)'f' => ValueKinds.Boolean,
        _ => ValueKinds.Integer | ValueKinds.Number,
    };

    private static ValueKinds Widened(ValueKinds kinds) => (kinds & (ValueKinds.Integer | ValueKinds.Number)) != 0 ? kinds | ValueKinds.Integer | ValueKinds.Number : kinds;
}
