using System.Text;

namespace Astraea.Simulator.Reports;

/// <summary>Writes a report: headings, sentences, tables, pictures.</summary>
public sealed class Markdown
{
    private readonly StringBuilder _text = new();

    /// <summary>A heading.</summary>
    public void Heading(int level, string text) => _text.Append('#', level).Append(' ').Append(text).Append("\n\n");

    /// <summary>A paragraph.</summary>
    public void Say(string text) => _text.Append(text).Append("\n\n");

    /// <summary>A list.</summary>
    public void Points(IEnumerable<string> points)
    {
        foreach (string point in points)
            _text.Append("- ").Append(point).Append('\n');
        _text.Append('\n');
    }

    /// <summary>A table; the first column is text, the others are figures.</summary>
    public void Table(IReadOnlyList<string> head, IEnumerable<IReadOnlyList<string>> rows)
    {
        Row(head);
        Row([.. head.Select(static (_, i) => i == 0 ? "---" : "---:")]);
        foreach (IReadOnlyList<string> row in rows)
            Row(row);
        _text.Append('\n');
    }

    /// <summary>A picture beside the report.</summary>
    public void Picture(string file, string about) => _text.Append($"![{about}]({file})\n\n");

    /// <summary>Lines as they are.</summary>
    public void Code(string lines) => _text.Append("    ").Append(lines.ReplaceLineEndings("\n    ")).Append("\n\n");

    /// <inheritdoc/>
    public override string ToString() => _text.ToString().TrimEnd('\n') + "\n";

    private void Row(IReadOnlyList<string> cells) => _text.Append("| ").AppendJoin(" | ", cells.Select(static c => c.Replace("|", "\\|", StringComparison.Ordinal))).Append(" |\n");
}
