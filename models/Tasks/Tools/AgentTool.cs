using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Astraea.Models.Tasks.Tools;

/// <summary>What a tool answers: a function of the arguments and of all calls made before in the conversation, and of nothing else.</summary>
/// <param name="arguments">Checked: what is required is there and of its type.</param>
/// <param name="before">Earlier calls of any tool, oldest first. State is what they add up to.</param>
public delegate JsonNode ToolBehaviour(JsonObject arguments, IReadOnlyList<ToolCall> before);

/// <summary>A tool as a model sees it, and what it does.</summary>
/// <param name="Name">Function name.</param>
/// <param name="Description">A sentence.</param>
/// <param name="Parameters">In the order they are shown.</param>
/// <param name="Behaviour">What it answers.</param>
public sealed record AgentTool(string Name, string Description, ImmutableArray<ToolParameter> Parameters, ToolBehaviour Behaviour)
{
    /// <summary>The declaration in OpenAI's chat shape.</summary>
    public JsonObject Declaration()
    {
        var properties = new JsonObject();
        foreach (ToolParameter parameter in Parameters)
            properties.Add(parameter.Name, parameter.Schema());
        var schema = new JsonObject { ["type"] = "object", ["properties"] = properties };
        if (Parameters.Any(parameter => parameter.Required))
            schema["required"] = new JsonArray([.. Parameters.Where(parameter => parameter.Required).Select(parameter => (JsonNode)parameter.Name)]);
        return new JsonObject
        {
            ["type"] = "function",
            ["function"] = new JsonObject { ["name"] = Name, ["description"] = Description, ["parameters"] = schema },
        };
    }
}

/// <summary>A parameter of a tool.</summary>
/// <param name="Name">Key in the arguments.</param>
/// <param name="Type">JSON schema type; <c>array</c> means of strings.</param>
/// <param name="Description">A phrase, or null for none.</param>
/// <param name="Choices">The values allowed, or empty for any.</param>
/// <param name="Required">Whether a call must have it.</param>
public sealed record ToolParameter(string Name, string Type, string? Description = null, ImmutableArray<string> Choices = default, bool Required = true)
{
    internal JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = Type };
        if (Type == "array")
            schema["items"] = new JsonObject { ["type"] = "string" };
        if (Description is not null)
            schema["description"] = Description;
        if (!Choices.IsDefaultOrEmpty)
            schema["enum"] = new JsonArray([.. Choices.Select(choice => (JsonNode)choice)]);
        return schema;
    }

    internal string? Check(JsonNode? value)
    {
        bool fits = (Type, value?.GetValueKind()) switch
        {
            ("string", System.Text.Json.JsonValueKind.String) => Choices.IsDefaultOrEmpty || Choices.Contains(value!.GetValue<string>()),
            ("number", System.Text.Json.JsonValueKind.Number) => value!.AsValue().TryGetValue(out decimal _),
            ("integer", System.Text.Json.JsonValueKind.Number) => value!.AsValue().TryGetValue(out int _),
            ("boolean", System.Text.Json.JsonValueKind.True or System.Text.Json.JsonValueKind.False) => true,
            ("array", System.Text.Json.JsonValueKind.Array) => true,
            _ => false,
        };
        return fits ? null : $"bad argument: {Name}";
    }
}
