namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>A chat template: the part of Jinja that chat templates use, with the settings they expect. Immutable, thread-safe.</summary>
/// <remarks>
/// Left out, with an error naming the line: imports, inheritance, call and filter blocks, recursive loops. A template comes from a model
/// folder, never from a request; still, work and output of a rendering are bounded.
/// </remarks>
public sealed class JinjaTemplate
{
    private readonly List<Statement> _body;
    private readonly long _stepsMax;
    private readonly int _charsMax;

    private JinjaTemplate(List<Statement> body, long stepsMax, int charsMax)
    {
        _body = body;
        _stepsMax = stepsMax;
        _charsMax = charsMax;
    }

    /// <summary>Reads a template.</summary>
    /// <param name="source">Its text.</param>
    /// <param name="stepsMax">Most work of one rendering: steps taken, characters and items made.</param>
    /// <param name="charsMax">Most output of one rendering (characters).</param>
    /// <exception cref="Contracts.Text.TextException">It cannot be read; the message names the line.</exception>
    public static JinjaTemplate Parse(string source, long stepsMax = 50_000_000, int charsMax = 16_000_000) =>
        new(StatementParser.Parse(source), stepsMax, charsMax);

    /// <summary>Renders with variables.</summary>
    /// <exception cref="Contracts.Text.TextException">The template refuses, errs, or takes more than its budget.</exception>
    internal string Render(IReadOnlyDictionary<string, object?> variables) =>
        new Evaluation(variables, new Budget(_stepsMax, _charsMax)).Run(_body);
}
