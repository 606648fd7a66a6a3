using System.Text.Json;

namespace Astraea.Core.Prediction;

/// <summary>Names what a tool call is expected to take as long as: the tool, and for shells the first word of the command.</summary>
/// <remarks>A shell runs for milliseconds or for minutes, and the first word says which (SCHEDULING.md §3, idea 3).</remarks>
public static class ToolClass
{
    /// <summary>Between the tool and its command word; no function name has it.</summary>
    public const string Separator = " ";

    private const int WordMax = 32;
    private static readonly string[] s_fields = ["command", "cmd", "script"];

    /// <summary>The class of a call.</summary>
    /// <param name="name">Function name.</param>
    /// <param name="arguments">Arguments as JSON text; whatever is not an object with a command says nothing.</param>
    public static string Of(string name, string arguments)
    {
        string? command = Command(arguments);
        if (command is null)
            return name;
        string word = FirstWord(command);
        return word.Length == 0 ? name : name + Separator + word;
    }

    private static string? Command(string arguments)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(arguments);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            foreach (string field in s_fields)
            {
                if (!document.RootElement.TryGetProperty(field, out JsonElement value))
                    continue;
                if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0)
                    value = value[0];
                if (value.ValueKind == JsonValueKind.String)
                    return value.GetString();
            }
            return null;
        }
        catch (JsonException)
        {
            // Models write arguments that are no JSON; the tool then answers with an error, which takes as long as any.
            return null;
        }
    }

    /// <summary>The program's name: behind assignments of variables and changes of folder, without its own folder.</summary>
    private static string FirstWord(string command)
    {
        foreach (string part in command.Split(["&&", ";", "|", "\n"], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (string word in part.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
            {
                if (word.Contains('=', StringComparison.Ordinal) || word is "sudo" or "time" or "env")
                    continue;
                if (word == "cd")
                    break;
                string program = word[(word.LastIndexOf('/') + 1)..];
                return program.Length > WordMax ? program[..WordMax] : program;
            }
        }
        return "";
    }
}
