using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;

namespace Astraea.Gateway.Intake;

/// <summary>The <c>input</c> of a Responses POST: a string, or items.</summary>
internal static class ResponseInput
{
    public static (ImmutableArray<ChatItem> Items, bool LeftOutImages) Read(JsonFields body, GatewayOptions options)
    {
        if (!body.TryGet("input", out JsonElement input))
            throw body.Missing("input");
        if (input.ValueKind == JsonValueKind.String)
            return ([new ChatItem(ChatRole.User, input.GetString()!)], false);
        JsonElement array = body.OptionalArray("input", options.ItemsMax)!.Value;
        if (array.GetArrayLength() == 0)
            throw ApiError.Invalid("input", "'input' is empty; at least one item is needed.", "empty_array").Raise();
        List<ChatItem> items = [];
        bool leftOutImages = false;
        foreach (JsonFields item in JsonFields.Objects(array, "input"))
            Add(items, item, ref leftOutImages);
        return items.Count > 0 ? ([.. items], leftOutImages) : throw ApiError.Invalid("input", "'input' holds nothing for the model to read.").Raise();
    }

    private static void Add(List<ChatItem> items, JsonFields item, ref bool leftOutImages)
    {
        switch (item.OptionalText("type") ?? "message")
        {
            case "message":
                ChatRole role = Role(item);
                items.Add(new ChatItem(role, Content(item, "content", ref leftOutImages)));
                break;
            case "function_call":
                ToolCall call = new(item.RequiredText("call_id", 256), item.RequiredText("name", 256), item.RequiredText("arguments"));
                // One turn of the model is a message and calls behind it: they become one item again, as it was produced.
                if (items.Count > 0 && items[^1].Role == ChatRole.Assistant)
                    items[^1] = items[^1] with { Calls = items[^1].Calls.Add(call) };
                else
                    items.Add(new ChatItem(ChatRole.Assistant, "", [call]));
                break;
            case "function_call_output":
                string id = item.RequiredText("call_id", 256);
                items.Add(new ChatItem(ChatRole.Tool, Content(item, "output", ref leftOutImages), CallId: id));
                break;
            case "reasoning":
                // Clients echo reasoning of other models; it is not part of what this model has read or said.
                break;
            case "item_reference":
                throw ApiError.Unsupported(item.Path, "Item references are not supported; send the item, or use 'previous_response_id'.").Raise();
            default:
                throw item.Wrong("type", "'message', 'function_call', 'function_call_output' or 'reasoning'");
        }
    }

    private static ChatRole Role(JsonFields item) => item.RequiredText("role") switch
    {
        "system" or "developer" => ChatRole.System,
        "user" => ChatRole.User,
        "assistant" => ChatRole.Assistant,
        _ => throw item.Wrong("role", "'system', 'developer', 'user' or 'assistant'"),
    };

    private static string Content(JsonFields item, string field, ref bool leftOutImages)
    {
        if (!item.TryGet(field, out JsonElement content))
            throw item.Missing(field);
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString()!;
        List<string> texts = [];
        foreach (JsonFields part in JsonFields.Objects(item.OptionalArray(field, 1024)!.Value, item.Name(field)))
        {
            switch (part.RequiredText("type"))
            {
                case "input_text" or "output_text" or "text":
                    texts.Add(part.RequiredText("text"));
                    break;
                case "refusal":
                    texts.Add(part.RequiredText("refusal"));
                    break;
                case "input_image":
                    // Accepted and left out, never fetched: agents that send screenshots go on, and the metadata says so.
                    leftOutImages = true;
                    break;
                case "input_file" or "input_audio":
                    throw ApiError.Invalid(part.Name("type"), "This model takes text only.", "unsupported_content").Raise();
                default:
                    throw part.Wrong("type", "'input_text' or 'output_text'");
            }
        }
        return string.Join('\n', texts);
    }
}
