namespace Astraea.Worker.Models.Output.Forms;

/// <summary>At several places at once: the bytes so far fit several alternatives, and those to come decide.</summary>
internal sealed class UnionState : FormState
{
    /// <summary>Alternatives followed at once. Leaving some out leaves out values, never lets in a wrong one.</summary>
    private const int WaysMax = 128;

    private readonly FormState[] _ways;

    private UnionState(FormState[] ways) => _ways = ways;

    public override int Debt => _ways.Max(way => way.Debt);

    public override bool IsOpenString => Array.Exists(_ways, way => way.IsOpenString);

    /// <summary>All of the ways; null when there is none.</summary>
    public static FormState? Of(IEnumerable<FormState> ways)
    {
        var distinct = new HashSet<FormState>(ReferenceEqualityComparer.Instance);
        foreach (FormState way in ways)
        {
            if (way is UnionState union)
                distinct.UnionWith(union._ways);
            else
                distinct.Add(way);
        }
        return distinct.Count switch
        {
            0 => null,
            1 => distinct.First(),
            _ => new UnionState([.. distinct.Take(WaysMax)]),
        };
    }

    public override FormState? Step(byte value)
    {
        FormState? only = null;
        List<FormState>? several = null;
        foreach (FormState way in _ways)
        {
            if (way.Step(value) is not { } next)
                continue;
            if (only is null)
                only = next;
            else
                (several ??= [only]).Add(next);
        }
        return several is null ? only : Of(several);
    }

    // The cheapest alternative came first.
    public override FormState Finish(List<byte> output) => _ways[0];
}
