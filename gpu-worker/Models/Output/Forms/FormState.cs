namespace Astraea.Worker.Models.Output.Forms;

/// <summary>A place in a form of bytes. Immutable; each byte leads to another place, or nowhere.</summary>
/// <remarks>A state knows what follows it, so places form a chain instead of a stack that would have to be copied for each token tried.</remarks>
internal abstract class FormState
{
    /// <summary>Where a byte leads; null when it may not come here.</summary>
    public abstract FormState? Step(byte value);

    /// <summary>Appends few bytes that complete the form from here.</summary>
    public void Complete(List<byte> output)
    {
        // Place by place, not by recursion: a form may be completed by many thousand places.
        for (FormState state = this; !state.IsDone;)
            state = state.Finish(output);
    }

    /// <summary>Appends few bytes that lead out of this place.</summary>
    /// <returns>Where they lead, nearer to the end.</returns>
    public abstract FormState Finish(List<byte> output);

    /// <summary>Bytes that must still be sampled before the form may be completed without cutting a character or an escape (By).</summary>
    public virtual int Debt => 0;

    /// <summary>Whether the form is complete.</summary>
    public virtual bool IsDone => false;

    /// <summary>Whether this is inside a free string value: the next quote ends it.</summary>
    public virtual bool IsOpenString => false;

    /// <summary>The only byte that may come here; null when there is a choice, or the form is complete.</summary>
    public byte? OnlyByte()
    {
        byte? only = null;
        for (int value = 0; value < 256; value++)
        {
            if (Step((byte)value) is null)
                continue;
            if (only is not null)
                return null;
            only = (byte)value;
        }
        return only;
    }
}

/// <summary>The end of the form.</summary>
internal sealed class DoneState : FormState
{
    public static DoneState Instance { get; } = new();

    public override bool IsDone => true;

    public override FormState? Step(byte value) => null;

    public override FormState Finish(List<byte> output) => this;
}

/// <summary>Given bytes.</summary>
internal sealed class LiteralState : FormState
{
    private readonly byte[] _bytes;
    private readonly int _at;
    private readonly FormState _next;

    private LiteralState(byte[] bytes, int at, FormState next)
    {
        _bytes = bytes;
        _at = at;
        _next = next;
    }

    /// <summary>What is left of the bytes from a place on, then what follows.</summary>
    public static FormState Of(byte[] bytes, int at, FormState next) => at == bytes.Length ? next : new LiteralState(bytes, at, next);

    public static FormState Of(string text, FormState next) => Of(System.Text.Encoding.UTF8.GetBytes(text), 0, next);

    public override FormState? Step(byte value) => value == _bytes[_at] ? Of(_bytes, _at + 1, _next) : null;

    public override FormState Finish(List<byte> output)
    {
        output.AddRange(_bytes.AsSpan(_at));
        return _next;
    }
}

/// <summary>One of several given texts, each with what follows it.</summary>
internal sealed class ChoiceState : FormState
{
    private readonly List<(byte[] Bytes, FormState Next)> _options;
    private readonly int _at;

    private ChoiceState(List<(byte[] Bytes, FormState Next)> options, int at)
    {
        _options = options;
        _at = at;
    }

    /// <summary>A choice between texts. One may be the start of another when what follows it tells them apart.</summary>
    public static FormState Of(List<(byte[] Bytes, FormState Next)> options) => Of(options, 0);

    public override FormState? Step(byte value)
    {
        List<(byte[] Bytes, FormState Next)> left = _options.FindAll(option => option.Bytes.Length > _at && option.Bytes[_at] == value);
        if (left.Count > 0)
            return Of(left, _at + 1);
        foreach (var (bytes, next) in _options)
        {
            if (bytes.Length == _at && next.Step(value) is { } state)
                return state;
        }
        return null;
    }

    public override FormState Finish(List<byte> output)
    {
        var (bytes, next) = _options.MinBy(option => option.Bytes.Length);
        output.AddRange(bytes.AsSpan(_at));
        return next;
    }

    private static FormState Of(List<(byte[] Bytes, FormState Next)> options, int at) =>
        options is [var (bytes, next)] ? LiteralState.Of(bytes, at, next) : new ChoiceState(options, at);
}
