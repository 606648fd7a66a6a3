using Astraea.Worker.Models.Output.Patterns;

namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Kinds of JSON values a schema allows.</summary>
[Flags]
internal enum ValueKinds
{
    None = 0,
    Text = 1,
    Integer = 2,
    Number = 4,
    Boolean = 8,
    Null = 16,
    Members = 32,
    Items = 64,
    Any = Text | Integer | Number | Boolean | Null | Members | Items,
}

/// <summary>A member an object may have.</summary>
/// <param name="Key">Its name as a JSON string, the colon and the blank behind it, UTF-8.</param>
/// <param name="Value">Schema of its value.</param>
/// <param name="Required">Whether it must be there.</param>
internal sealed record MemberSchema(byte[] Key, ValueSchema Value, bool Required);

/// <summary>What a value may be, as far as a form can follow it. Filled in by its reader, because schemas may lead back to themselves; fixed afterwards.</summary>
internal sealed class ValueSchema
{
    /// <summary>The height of what has no finite value.</summary>
    public const int Endless = int.MaxValue;

    /// <summary>Any JSON.</summary>
    public static ValueSchema Any { get; } = new() { Kinds = ValueKinds.Any };

    /// <summary>Kinds allowed.</summary>
    public ValueKinds Kinds { get; set; }

    /// <summary>The only values allowed, UTF-8, when there is such a list.</summary>
    public List<byte[]>? Values { get; set; }

    /// <summary>Alternatives: then everything else is unset.</summary>
    public List<ValueSchema>? Options { get; set; }

    /// <summary>Members in order; null allows any name.</summary>
    public List<MemberSchema>? Members { get; set; }

    /// <summary>Schema of the values under any name, when <see cref="Members"/> is null; null allows any JSON.</summary>
    public ValueSchema? Named { get; set; }

    /// <summary>Schema of an array's items; null allows any.</summary>
    public ValueSchema? Items { get; set; }

    /// <summary>Items at least.</summary>
    public int ItemsMin { get; set; }

    /// <summary>Items at most.</summary>
    public int ItemsMax { get; set; } = int.MaxValue;

    /// <summary>Length of a text.</summary>
    public TextLength Length { get; set; } = TextLength.Free;

    /// <summary>The texts allowed, length included, when a pattern says so.</summary>
    public PatternAutomaton? Pattern { get; set; }

    /// <summary>Bounds of an integer, or null.</summary>
    public NumberBounds? IntegerBounds { get; set; }

    /// <summary>Bounds of a number that need not be an integer, or null.</summary>
    public NumberBounds? NumberBounds { get; set; }

    /// <summary>Levels of objects and arrays the flattest value has (levels); <see cref="Endless"/> when there is none.</summary>
    public int Height { get; set; }

    /// <summary>Bytes the shortest value has, about (By); <see cref="Endless"/> when there is none.</summary>
    public int Cost { get; set; }

    /// <summary>The schemas without alternatives of their own that this one stands for.</summary>
    public IReadOnlyList<ValueSchema> Leaves => _leaves ??= FindLeaves();

    private List<ValueSchema>? _leaves;

    /// <summary>Whether objects are described: by names, or by what stands under any name.</summary>
    public bool DescribesMembers => Members is not null || Named is not null;

    /// <summary>The height as it follows from those of what it is made of.</summary>
    public int NextHeight()
    {
        if (Options is { } options)
            return options.Min(option => option.Height);
        if (Values is not null || (Kinds & ~(ValueKinds.Members | ValueKinds.Items)) != 0)
            return 0;
        int members = Kinds.HasFlag(ValueKinds.Members) ? Above(Members?.Where(member => member.Required).Select(member => member.Value.Height).DefaultIfEmpty(0).Max() ?? 0) : Endless;
        int items = Kinds.HasFlag(ValueKinds.Items) ? Above(ItemsMin == 0 ? 0 : (Items ?? Any).Height) : Endless;
        return Math.Min(members, items);
    }

    /// <summary>The cost as it follows from those of what it is made of.</summary>
    public int NextCost()
    {
        if (Options is { } options)
            return options.Min(option => option.Cost);
        if (Values is { } values)
            return values.Min(value => value.Length);
        long cost = Endless;
        if ((Kinds & (ValueKinds.Integer | ValueKinds.Number)) != 0)
            cost = IntegerBounds is null ? 1 : NumberBytes;
        if ((Kinds & (ValueKinds.Null | ValueKinds.Boolean)) != 0)
            cost = Math.Min(cost, 4);
        if (Kinds.HasFlag(ValueKinds.Text))
            cost = Math.Min(cost, 2L + (Pattern?.Shortest ?? Length.Min));
        if (Kinds.HasFlag(ValueKinds.Members))
            cost = Math.Min(cost, 2 + (Members?.Where(member => member.Required).Sum(member => member.Key.Length + 2L + member.Value.Cost) ?? 0));
        if (Kinds.HasFlag(ValueKinds.Items))
            cost = Math.Min(cost, 2 + (ItemsMin * ((Items ?? Any).Cost + 2L)));
        return (int)Math.Min(cost, Endless);
    }

    private const int NumberBytes = 16;

    private static int Above(int height) => height == Endless ? Endless : height + 1;

    private List<ValueSchema> FindLeaves()
    {
        var leaves = new List<ValueSchema>();
        var seen = new HashSet<ValueSchema>(ReferenceEqualityComparer.Instance);
        var open = new Stack<ValueSchema>([this]);
        while (open.TryPop(out ValueSchema? schema))
        {
            if (!seen.Add(schema))
                continue;
            if (schema.Options is null)
                leaves.Add(schema);
            for (int i = (schema.Options?.Count ?? 0) - 1; i >= 0; i--)
                open.Push(schema.Options![i]);
        }
        return leaves;
    }
}
