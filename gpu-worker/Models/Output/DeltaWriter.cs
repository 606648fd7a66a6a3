using System.Text;
using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.Output;

/// <summary>Collects what becomes visible, so that characters of one kind that come together make one delta.</summary>
internal sealed class DeltaWriter
{
    private readonly StringBuilder _open = new();
    private ICollection<OutputDelta> _deltas = [];
    private int _call = -1;

    /// <summary>Deltas go here from now on.</summary>
    public void Begin(ICollection<OutputDelta> deltas) => _deltas = deltas;

    public void Text(char c)
    {
        Turn(-1);
        _open.Append(c);
    }

    public void StartCall(int index, string name)
    {
        Flush();
        _deltas.Add(new OutputDelta.CallStarted(index, name));
    }

    public void Arguments(int index, ReadOnlySpan<char> text)
    {
        Turn(index);
        _open.Append(text);
    }

    public void EndCall(int index)
    {
        Flush();
        _deltas.Add(new OutputDelta.CallEnded(index));
    }

    /// <summary>Hands out what is open.</summary>
    public void Flush()
    {
        if (_open.Length == 0)
            return;
        string text = _open.ToString();
        _deltas.Add(_call < 0 ? new OutputDelta.TextAdded(text) : new OutputDelta.ArgumentsAdded(_call, text));
        _open.Clear();
    }

    private void Turn(int call)
    {
        if (_call != call)
            Flush();
        _call = call;
    }
}
