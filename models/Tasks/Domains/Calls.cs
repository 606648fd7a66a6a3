using System.Text.Json;
using System.Text.Json.Nodes;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks.Domains;

/// <summary>What domains do alike.</summary>
internal static class Calls
{
    /// <summary>A value of a result as an answer shows it.</summary>
    public static string Show(JsonNode? value) => value is null ? "" : value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : JsonText.Write(value);

    /// <summary>Makes a call again that failed for the moment; what it then says is final.</summary>
    public static JsonNode Stubborn(TaskScript s, string tool, params (string, JsonNode?)[] arguments)
    {
        JsonNode result = s.Call(tool, arguments);
        return Show(result["error"]) == Faults.Temporary ? s.Call(tool, [.. arguments.Select(argument => (argument.Item1, argument.Item2?.DeepClone()))]) : result;
    }
}
