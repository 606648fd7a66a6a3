using System.Buffers;
using System.Text.Json;
using Astraea.Contracts.FrontDoor;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.FrontDoor;

/// <summary>
/// Writes what comes in by a front door as the body of <c>POST /v1/responses</c> that asks the same. One intake then checks both, and both get the same
/// prompt, the same limits and the same errors. The work goes on in the background: no connection stands for the client's interest.
/// </summary>
internal static class TaskBody
{
    /// <summary>The path that body would be posted to.</summary>
    public const string Path = "/v1/responses";

    public static ReadOnlyMemory<byte> Of(FrontDoorCall.Submit call, string served) => Write(call.Settings, served, call.PreviousResponseId, json =>
    {
        foreach (FrontDoorMessage message in call.Messages.IsDefault ? [] : call.Messages)
            WriteMessage(json, message);
    });

    public static ReadOnlyMemory<byte> Of(FrontDoorCall.PostToolResults call, string served) => Write(call.Settings, served, call.ResponseId, json =>
    {
        foreach (FrontDoorToolResult result in call.Results.IsDefault ? [] : call.Results)
            WriteResult(json, result.CallId, result.Output);
    });

    private static ReadOnlyMemory<byte> Write(FrontDoorSettings settings, string served, string? previous, Action<Utf8JsonWriter> writeInput)
    {
        ArrayBufferWriter<byte> buffer = new();
        using Utf8JsonWriter json = new(buffer, new JsonWriterOptions { Encoder = WireJson.Encoder });
        json.WriteStartObject();
        json.WriteString("model", settings.Model ?? served);
        json.WriteBoolean("background", true);
        if (previous is not null)
            json.WriteString("previous_response_id", previous);
        if (settings.Instructions is { } instructions)
            json.WriteString("instructions", instructions);
        json.WriteStartArray("input");
        writeInput(json);
        json.WriteEndArray();
        WriteTools(json, settings);
        if (settings.MaxOutputTokens is { } max)
            json.WriteNumber("max_output_tokens", max);
        if (settings.Temperature is { } temperature)
            json.WriteNumber("temperature", temperature);
        if (settings.TopP is { } topP)
            json.WriteNumber("top_p", topP);
        if (settings.Seed is { } seed)
            json.WriteNumber("seed", seed);
        if (!settings.Stop.IsDefaultOrEmpty)
        {
            json.WriteStartArray("stop");
            foreach (string stop in settings.Stop)
                json.WriteStringValue(stop);
            json.WriteEndArray();
        }
        if (settings.Category is { } category)
        {
            json.WriteStartObject("metadata");
            json.WriteString("category", category);
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void WriteMessage(Utf8JsonWriter json, FrontDoorMessage message)
    {
        if (message.Role == ChatRole.Tool)
        {
            WriteResult(json, message.CallId, message.Text);
            return;
        }
        json.WriteStartObject();
        json.WriteString("type", "message");
        json.WriteString("role", message.Role switch
        {
            ChatRole.System => "system",
            ChatRole.User => "user",
            _ => "assistant",
        });
        json.WriteString("content", message.Text);
        json.WriteEndObject();
        foreach (ToolCall call in message.Calls.IsDefault ? [] : message.Calls)
        {
            json.WriteStartObject();
            json.WriteString("type", "function_call");
            json.WriteString("call_id", call.Id);
            json.WriteString("name", call.Name);
            json.WriteString("arguments", call.Arguments);
            json.WriteEndObject();
        }
    }

    private static void WriteResult(Utf8JsonWriter json, string? callId, string output)
    {
        json.WriteStartObject();
        json.WriteString("type", "function_call_output");
        json.WriteString("call_id", callId);
        json.WriteString("output", output);
        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, FrontDoorSettings settings)
    {
        if (!settings.Tools.IsDefaultOrEmpty)
        {
            json.WriteStartArray("tools");
            foreach (FrontDoorTool tool in settings.Tools)
            {
                json.WriteStartObject();
                json.WriteString("type", "function");
                json.WriteString("name", tool.Name);
                if (tool.Description is { } description)
                    json.WriteString("description", description);
                if (tool.Parameters is { } parameters)
                {
                    json.WritePropertyName("parameters");
                    parameters.WriteTo(json);
                }
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        switch (settings.ToolMode)
        {
            case null:
                break;
            case ToolMode.Named:
                json.WriteStartObject("tool_choice");
                json.WriteString("type", "function");
                json.WriteString("name", settings.ToolName);
                json.WriteEndObject();
                break;
            case { } mode:
                json.WriteString("tool_choice", mode switch { ToolMode.None => "none", ToolMode.Auto => "auto", _ => "required" });
                break;
        }
    }
}
