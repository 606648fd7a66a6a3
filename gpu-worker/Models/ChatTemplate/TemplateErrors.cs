using Astraea.Contracts.Text;

namespace Astraea.Worker.Models.ChatTemplate;

/// <summary>Errors of templates: always with the line.</summary>
internal static class TemplateErrors
{
    public static TextException At(int line, string reason) => new($"Chat template, line {line}: {reason}.");
}
