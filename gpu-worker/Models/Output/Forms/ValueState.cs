namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Levels of objects and arrays that may still be opened.</summary>
/// <param name="Levels">At all (levels).</param>
/// <param name="Free">Of those nobody described (levels).</param>
internal readonly record struct Room(int Levels, int Free)
{
    /// <summary>At the root. Readers of JSON take 64 levels; a call has two of its own.</summary>
    public static Room Whole { get; } = new(48, 8);

    /// <summary>One level further down.</summary>
    public Room Down(bool described) => new(Levels - 1, described ? Free : Free - 1);
}

/// <summary>Before a JSON value. Written as Python's <c>json.dumps</c> writes it: one blank behind commas and colons, no other.</summary>
internal sealed class ValueState : FormState
{
    private readonly ValueSchema _schema;
    private readonly Room _room;
    private readonly FormState _next;

    private ValueState(ValueSchema schema, Room room, FormState next)
    {
        _schema = schema;
        _room = room;
        _next = next;
    }

    /// <summary>A value, then what follows.</summary>
    /// <param name="schema">What the value may be; no higher than the room.</param>
    /// <param name="room">Levels that may still be opened.</param>
    /// <param name="next">What follows.</param>
    public static FormState Of(ValueSchema schema, Room room, FormState next)
    {
        if (schema.Options is null)
            return OfLeaf(schema, room, next);
        return UnionState.Of(schema.Leaves.Where(leaf => leaf.Height <= room.Levels).OrderBy(leaf => leaf.Cost).Select(leaf => OfLeaf(leaf, room, next)))
            ?? throw new InvalidOperationException("A value was begun where there is no room for it.");
    }

    private static FormState OfLeaf(ValueSchema schema, Room room, FormState next) =>
        schema.Values is { } values ? ChoiceState.Of(values.ConvertAll(value => (value, next))) : new ValueState(schema, room, next);

    public override FormState? Step(byte value) => value switch
    {
        (byte)'"' when Allows(ValueKinds.Text) => _schema.Pattern is { } pattern ? new PatternState(pattern, 0, _next) : StringState.Begin(_next, isKey: false, _schema.Length),
        (byte)'t' when Allows(ValueKinds.Boolean) => LiteralState.Of("rue", _next),
        (byte)'f' when Allows(ValueKinds.Boolean) => LiteralState.Of("alse", _next),
        (byte)'n' when Allows(ValueKinds.Null) => LiteralState.Of("ull", _next),
        (byte)'{' when AllowsOpen(ValueKinds.Members, _schema.DescribesMembers) => MembersState.Begin(_schema, _room, _next),
        (byte)'[' when AllowsOpen(ValueKinds.Items, _schema.Items is not null) => ItemsState.Begin(_schema, _room, _next),
        (byte)'-' or (>= (byte)'0' and <= (byte)'9') when Allows(ValueKinds.Integer | ValueKinds.Number) => Number().Step(value),
        _ => null,
    };

    public override FormState Finish(List<byte> output)
    {
        if (Allows(ValueKinds.Integer | ValueKinds.Number))
            return Number().Finish(output);
        byte first = Allows(ValueKinds.Text) ? (byte)'"'
            : Allows(ValueKinds.Null) ? (byte)'n'
            : Allows(ValueKinds.Boolean) ? (byte)'t'
            : Allows(ValueKinds.Items) && Step((byte)'[') is not null ? (byte)'['
            : (byte)'{';
        output.Add(first);
        return Step(first)!;
    }

    private FormState Number()
    {
        bool integer = !Allows(ValueKinds.Number);
        return (integer ? _schema.IntegerBounds : _schema.NumberBounds) is { } bounds
            ? BoundedNumberState.Begin(bounds, _next)
            : NumberState.Begin(_next, integer);
    }

    private bool Allows(ValueKinds kinds) => (_schema.Kinds & kinds) != 0;

    /// <summary>
    /// Whether an object or array may be opened: only with room for what it must have. Described ones end by themselves, others are opened only down to a
    /// depth, unless nothing else is allowed.
    /// </summary>
    private bool AllowsOpen(ValueKinds kind, bool described)
    {
        if (!Allows(kind) || _room.Levels < HeightAs(kind))
            return false;
        return described || _room.Free > 0 || (_schema.Kinds & ~(ValueKinds.Members | ValueKinds.Items)) == 0;
    }

    private int HeightAs(ValueKinds kind)
    {
        int inner = kind == ValueKinds.Items
            ? _schema.ItemsMin == 0 ? 0 : _schema.Items?.Height ?? 0
            : _schema.Members?.Where(member => member.Required).Select(member => member.Value.Height).DefaultIfEmpty(0).Max() ?? 0;
        return inner == ValueSchema.Endless ? ValueSchema.Endless : inner + 1;
    }
}

/// <summary>Inside an object, before a member or the end.</summary>
internal sealed class MembersState : FormState
{
    private readonly ValueSchema _schema;
    private readonly int _from;
    private readonly bool _first;
    private readonly Room _room;
    private readonly FormState _next;
    private FormState? _options;

    private MembersState(ValueSchema schema, int from, bool first, Room room, FormState next)
    {
        _schema = schema;
        _from = from;
        _first = first;
        _room = room;
        _next = next;
    }

    /// <summary>Behind the opening brace.</summary>
    /// <param name="schema">Says what members there may be.</param>
    /// <param name="room">Room before the brace.</param>
    /// <param name="next">What follows the closing brace.</param>
    public static MembersState Begin(ValueSchema schema, Room room, FormState next) => new(schema, 0, first: true, room.Down(schema.DescribesMembers), next);

    // A racing second computation would give an equal state.
    public override FormState? Step(byte value) => (_options ??= Options()).Step(value);

    public override FormState Finish(List<byte> output)
    {
        int required = _schema.Members?.FindIndex(_from, member => member.Required) ?? -1;
        if (required < 0)
        {
            output.Add((byte)'}');
            return _next;
        }
        output.AddRange(Lead(_schema.Members![required].Key));
        return Value(required);
    }

    private FormState Options()
    {
        var options = new List<(byte[] Bytes, FormState Next)>();
        if (_schema.Members is not { } members)
        {
            ValueSchema value = _schema.Named ?? ValueSchema.Any;
            // Names are not compared with those before: readers take the last of equal ones, which fits as well as the others.
            if (_schema.Named is null ? _room.Free >= 0 : value.Height <= _room.Levels)
                options.Add((Lead("\""u8), StringState.Begin(LiteralState.Of(": ", ValueState.Of(value, _room, After(0))), isKey: true)));
            options.Add(("}"u8.ToArray(), _next));
            return ChoiceState.Of(options);
        }
        int at = _from;
        for (; at < members.Count; at++)
        {
            if (members[at].Value.Height <= _room.Levels)
                options.Add((Lead(members[at].Key), Value(at)));
            if (members[at].Required)
                break; // Nothing behind it may come before it.
        }
        if (at == members.Count)
            options.Add(("}"u8.ToArray(), _next));
        return ChoiceState.Of(options);
    }

    private FormState Value(int member) => ValueState.Of(_schema.Members![member].Value, _room, After(member + 1));

    private MembersState After(int from) => new(_schema, from, first: false, _room, _next);

    private byte[] Lead(ReadOnlySpan<byte> key) => _first ? key.ToArray() : [.. ", "u8, .. key];
}

/// <summary>Inside an array, before an item or the end.</summary>
internal sealed class ItemsState : FormState
{
    private readonly ValueSchema _schema;
    private readonly int _count;
    private readonly Room _room;
    private readonly FormState _next;
    private FormState? _item;

    private ItemsState(ValueSchema schema, int count, Room room, FormState next)
    {
        _schema = schema;
        _count = count;
        _room = room;
        _next = next;
    }

    /// <summary>Behind the opening bracket.</summary>
    /// <param name="schema">Says what items there may be.</param>
    /// <param name="room">Room before the bracket.</param>
    /// <param name="next">What follows the closing bracket.</param>
    public static ItemsState Begin(ValueSchema schema, Room room, FormState next) => new(schema, 0, room.Down(schema.Items is not null), next);

    private bool MayGoOn => _count < _schema.ItemsMax && (_schema.Items is { } items ? items.Height <= _room.Levels : _room.Free >= 0 || _count < _schema.ItemsMin);

    public override FormState? Step(byte value)
    {
        if (value == ']')
            return _count >= _schema.ItemsMin ? _next : null;
        if (!MayGoOn)
            return null;
        return _count == 0 ? Item().Step(value) : value == ',' ? LiteralState.Of(" ", Item()) : null;
    }

    public override FormState Finish(List<byte> output)
    {
        if (_count >= _schema.ItemsMin)
        {
            output.Add((byte)']');
            return _next;
        }
        if (_count > 0)
            output.AddRange(", "u8);
        return Item();
    }

    private FormState Item() => _item ??= ValueState.Of(_schema.Items ?? ValueSchema.Any, _room, new ItemsState(_schema, _count + 1, _room, _next));
}
