using Astraea.Worker.Models.Output.Patterns;

namespace Astraea.Worker.Models.Output.Forms;

/// <summary>Inside a JSON string whose text must fit a pattern. Characters are ASCII; what JSON cannot hold as it is has its short escape.</summary>
/// <param name="automaton">The texts that fit.</param>
/// <param name="place">Where the text so far leads.</param>
/// <param name="next">What follows the closing quote.</param>
internal sealed class PatternState(PatternAutomaton automaton, int place, FormState next) : FormState
{
    public override FormState? Step(byte value) => value switch
    {
        (byte)'"' => automaton.MayEnd(place) ? next : null,
        (byte)'\\' => "\"\\\b\f\n\r\t".Any(c => automaton.Step(place, c) >= 0) ? new PatternEscapeState(this) : null,
        < 0x20 or >= 0x7F => null,
        _ => After((char)value),
    };

    /// <summary>Behind a character; null when it may not come.</summary>
    public PatternState? After(char c) => automaton.Step(place, c) is >= 0 and var to ? new PatternState(automaton, to, next) : null;

    public override FormState Finish(List<byte> output)
    {
        if (automaton.MayEnd(place))
        {
            output.Add((byte)'"');
            return next;
        }
        char c = automaton.Nearest(place);
        output.AddRange(System.Text.Encoding.UTF8.GetBytes(Models.ChatTemplate.PythonText.Json(c.ToString())[1..^1]));
        return After(c)!;
    }
}

/// <summary>Behind a backslash in such a string.</summary>
internal sealed class PatternEscapeState(PatternState text) : FormState
{
    private const string Letters = "\"\\bfnrt";
    private const string Meanings = "\"\\\b\f\n\r\t";

    public override int Debt => 1;

    public override FormState? Step(byte value) => Letters.IndexOf((char)value, StringComparison.Ordinal) is >= 0 and var at ? text.After(Meanings[at]) : null;

    public override FormState Finish(List<byte> output)
    {
        int at = Enumerable.Range(0, Letters.Length).First(at => text.After(Meanings[at]) is not null);
        output.Add((byte)Letters[at]);
        return text.After(Meanings[at])!;
    }
}
