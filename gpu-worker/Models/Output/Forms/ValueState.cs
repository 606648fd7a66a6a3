namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Before a JSON value. Written as Python's <c>json.dumps</c> writes it: one blank behind commas and colons, no other.</summary>
internal sealed class ValueState : FormState
{
    /// <summary>Levels of objects and arrays nobody described.</summary>
    public const int FreeDepthMax = 8;

    private readonly ValueSchema _schema;
    private readonly int _depth;
    private readonly FormState _next;

    private ValueState(ValueSchema schema, int depth, FormState next)
    {
        _schema = schema;
        _depth = depth;
        _next = next;
    }

    /// <summary>A value, then what follows.</summary>
    /// <param name="schema">What the value may be.</param>
    /// <param name="depth">Levels of undescribed objects and arrays that may still be opened.</param>
    /// <param name="next">What follows.</param>
    public static FormState Of(ValueSchema schema, int depth, FormState next) =>
        schema.Values is { } values ? ChoiceState.Of(values.ConvertAll(value => (value, next))) : new ValueState(schema, depth, next);

    public override FormState? Step(byte value) => value switch
    {
        (byte)'"' when Allows(ValueKinds.Text) => new StringState(_next, isKey: false),
        (byte)'t' when Allows(ValueKinds.Boolean) => LiteralState.Of("rue", _next),
        (byte)'f' when Allows(ValueKinds.Boolean) => LiteralState.Of("alse", _next),
        (byte)'n' when Allows(ValueKinds.Null) => LiteralState.Of("ull", _next),
        (byte)'{' when AllowsOpen(ValueKinds.Members, _schema.Members) => MembersState.Begin(_schema.Members, _depth, _next),
        (byte)'[' when AllowsOpen(ValueKinds.Items, _schema.Items) => ItemsState.Begin(_schema.Items, _depth, _next),
        (byte)'-' or (>= (byte)'0' and <= (byte)'9') when Allows(ValueKinds.Integer | ValueKinds.Number) =>
            NumberState.Begin(_next, integer: !Allows(ValueKinds.Number)).Step(value),
        _ => null,
    };

    public override void Complete(List<byte> output)
    {
        if (Allows(ValueKinds.Integer | ValueKinds.Number))
            output.Add((byte)'0');
        else if (Allows(ValueKinds.Text))
            output.AddRange("\"\""u8);
        else if (Allows(ValueKinds.Items))
            output.AddRange("[]"u8);
        else if (Allows(ValueKinds.Null))
            output.AddRange("null"u8);
        else if (Allows(ValueKinds.Boolean))
            output.AddRange("true"u8);
        else
        {
            output.Add((byte)'{');
            MembersState.Begin(_schema.Members, _depth, _next).Complete(output);
            return;
        }
        _next.Complete(output);
    }

    private bool Allows(ValueKinds kinds) => (_schema.Kinds & kinds) != 0;

    /// <summary>Whether an object or array may be opened: described ones end by themselves, others only down to a depth, unless nothing else is allowed.</summary>
    private bool AllowsOpen(ValueKinds kind, object? described) =>
        Allows(kind) && (described is not null || _depth > 0 || (_schema.Kinds & ~(ValueKinds.Members | ValueKinds.Items)) == 0);
}

/// <summary>Inside an object, before a member or the end.</summary>
internal sealed class MembersState : FormState
{
    private readonly List<MemberSchema>? _members;
    private readonly int _from;
    private readonly bool _first;
    private readonly int _depth;
    private readonly FormState _next;
    private FormState? _options;

    private MembersState(List<MemberSchema>? members, int from, bool first, int depth, FormState next)
    {
        _members = members;
        _from = from;
        _first = first;
        _depth = depth;
        _next = next;
    }

    /// <summary>Behind the opening brace.</summary>
    public static MembersState Begin(List<MemberSchema>? members, int depth, FormState next) => new(members, 0, first: true, depth, next);

    // A racing second computation would give an equal state.
    public override FormState? Step(byte value) => (_options ??= Options()).Step(value);

    public override void Complete(List<byte> output)
    {
        int required = _members?.FindIndex(_from, member => member.Required) ?? -1;
        if (required < 0)
        {
            output.Add((byte)'}');
            _next.Complete(output);
            return;
        }
        output.AddRange(Lead(_members![required].Key));
        Value(required).Complete(output);
    }

    private FormState Options()
    {
        var options = new List<(byte[] Bytes, FormState Next)>();
        if (_members is null)
        {
            if (_depth > 0)
                options.Add((Lead("\""u8), new StringState(LiteralState.Of(": ", ValueState.Of(ValueSchema.Any, _depth - 1, After(0))), isKey: true)));
            options.Add(("}"u8.ToArray(), _next));
            return ChoiceState.Of(options);
        }
        int at = _from;
        for (; at < _members.Count; at++)
        {
            options.Add((Lead(_members[at].Key), Value(at)));
            if (_members[at].Required)
                break; // Nothing behind it may come before it.
        }
        if (at == _members.Count)
            options.Add(("}"u8.ToArray(), _next));
        return ChoiceState.Of(options);
    }

    private FormState Value(int member) => ValueState.Of(_members![member].Value, _depth, After(member + 1));

    private MembersState After(int from) => new(_members, from, first: false, _depth, _next);

    private byte[] Lead(ReadOnlySpan<byte> key) => _first ? key.ToArray() : [.. ", "u8, .. key];
}

/// <summary>Inside an array, before an item or the end.</summary>
internal sealed class ItemsState : FormState
{
    private readonly FormState _value;
    private readonly bool _first;
    private readonly bool _mayGoOn;
    private readonly FormState _next;

    private ItemsState(ValueSchema? items, bool first, int depth, FormState next)
    {
        _mayGoOn = items is not null || depth > 0;
        _first = first;
        _next = next;
        int left = items is null ? depth - 1 : depth;
        _value = new LaterState(() => ValueState.Of(items ?? ValueSchema.Any, left, new ItemsState(items, first: false, depth, next)));
    }

    /// <summary>Behind the opening bracket.</summary>
    public static ItemsState Begin(ValueSchema? items, int depth, FormState next) => new(items, first: true, depth, next);

    public override FormState? Step(byte value)
    {
        if (value == ']')
            return _next;
        if (!_mayGoOn)
            return null;
        return _first ? _value.Step(value) : value == ',' ? LiteralState.Of(" ", _value) : null;
    }

    public override void Complete(List<byte> output)
    {
        output.Add((byte)']');
        _next.Complete(output);
    }

    /// <summary>A state made when it is reached: an array's item leads to the array again.</summary>
    private sealed class LaterState(Func<FormState> make) : FormState
    {
        private FormState? _state;

        private FormState State => _state ??= make();

        public override FormState? Step(byte value) => State.Step(value);

        public override void Complete(List<byte> output) => State.Complete(output);
    }
}
