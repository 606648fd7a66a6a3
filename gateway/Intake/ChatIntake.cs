using System.Collections.Immutable;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Intake;

/// <summary>Reads the body of <c>POST /v1/chat/completions</c>.</summary>
internal static class ChatIntake
{
    public static GenerationAsk Read(JsonFields body, string model, GatewayOptions options)
    {
        GenerationIntake.CheckModel(body, model);
        RefuseWhatIsNotServed(body);
        int choices = body.OptionalWhole("n", 1, options.ChoicesMax) ?? 1;
        string? format = FormatIntake.Read(body.OptionalObject("response_format"), flat: false);
        bool streams = body.OptionalFlag("stream") ?? false;
        bool includesUsage = false;
        if (body.OptionalObject("stream_options") is { } streamOptions)
        {
            if (!streams)
                throw ApiError.Invalid("stream_options", "'stream_options' is only allowed when 'stream' is true.").Raise();
            includesUsage = streamOptions.OptionalFlag("include_usage") ?? false;
        }
        (Sampling sampling, bool hasSeed) = GenerationIntake.Sampling(body);
        ToolAsk tools = ToolIntake.Read(body, Surface.Chat, options);
        body.OptionalFlag("parallel_tool_calls");
        body.OptionalText("user");
        return new GenerationAsk(
            Surface.Chat, Messages(body, options), null, null, GenerationIntake.Limits(body, "max_completion_tokens", "max_tokens"), sampling, hasSeed,
            GenerationIntake.Stop(body), tools, GenerationIntake.Category(GenerationIntake.Metadata(body)), streams, includesUsage, Background: false, format, choices,
            Echo: null);
    }

    private static void RefuseWhatIsNotServed(JsonFields body)
    {
        if (body.OptionalFlag("logprobs") is true)
            throw ApiError.Unsupported("logprobs", "'logprobs' is not supported.").Raise();
        if (body.OptionalWhole("top_logprobs", 0, 20) is > 0)
            throw ApiError.Unsupported("top_logprobs", "'top_logprobs' is not supported.").Raise();
        if (body.OptionalObject("logit_bias") is { } bias && bias.Element.EnumerateObject().MoveNext())
            throw ApiError.Unsupported("logit_bias", "'logit_bias' is not supported.").Raise();
        if (body.OptionalArray("modalities", 8) is { } modalities && modalities.EnumerateArray().Any(m => m.ValueKind != JsonValueKind.String || m.GetString() != "text"))
            throw ApiError.Unsupported("modalities", "Only the modality 'text' is supported.").Raise();
        foreach (string field in (ReadOnlySpan<string>)["functions", "function_call", "audio"])
        {
            if (body.Has(field))
                throw ApiError.Unsupported(field, $"'{field}' is not supported.").Raise();
        }
    }

    private static ImmutableArray<ChatItem> Messages(JsonFields body, GatewayOptions options)
    {
        JsonElement messages = body.OptionalArray("messages", options.ItemsMax) ?? throw body.Missing("messages");
        if (messages.GetArrayLength() == 0)
            throw ApiError.Invalid("messages", "'messages' is empty; at least one message is needed.", "empty_array").Raise();
        return ToolPairing.Pair([.. JsonFields.Objects(messages, "messages").Select(Message)], "messages");
    }

    private static ChatItem Message(JsonFields message) => message.RequiredText("role") switch
    {
        "system" or "developer" => new ChatItem(ChatRole.System, RequiredContent(message)),
        "user" => new ChatItem(ChatRole.User, RequiredContent(message)),
        "assistant" => Assistant(message),
        "tool" => new ChatItem(ChatRole.Tool, RequiredContent(message), CallId: message.RequiredText("tool_call_id", 256)),
        _ => throw message.Wrong("role", "'system', 'developer', 'user', 'assistant' or 'tool'"),
    };

    private static ChatItem Assistant(JsonFields message)
    {
        ImmutableArray<ToolCall> calls = message.OptionalArray("tool_calls", 1024) is { } array
            ? [.. JsonFields.Objects(array, message.Name("tool_calls")).Select(Call)]
            : [];
        string? text = Content(message) ?? message.OptionalText("refusal");
        return text is null && calls.IsEmpty ? throw message.Missing("content") : new ChatItem(ChatRole.Assistant, text ?? "", calls);
    }

    private static ToolCall Call(JsonFields call)
    {
        if (call.OptionalText("type") is not (null or "function"))
            throw ApiError.Invalid(call.Name("type"), "Only tool calls of type 'function' are supported.", "unsupported_value").Raise();
        JsonFields function = call.RequiredObject("function");
        return new ToolCall(call.RequiredText("id", 256), function.RequiredText("name", 256), function.OptionalText("arguments") ?? "");
    }

    private static string RequiredContent(JsonFields message) => Content(message) ?? throw message.Missing("content");

    /// <summary>Text of a message: a string, or parts of text, which are joined by line breaks.</summary>
    private static string? Content(JsonFields message)
    {
        if (!message.TryGet("content", out JsonElement content))
            return null;
        if (content.ValueKind == JsonValueKind.String)
            return content.GetString();
        JsonElement parts = message.OptionalArray("content", 1024)!.Value;
        return string.Join('\n', JsonFields.Objects(parts, message.Name("content")).Select(Part));
    }

    private static string Part(JsonFields part)
    {
        string type = part.RequiredText("type");
        return type switch
        {
            "text" => part.RequiredText("text"),
            "refusal" => part.RequiredText("refusal"),
            "image_url" or "input_audio" or "file" =>
                throw ApiError.Invalid(part.Name("type"), $"This model takes text only; parts of type '{type}' are not supported.", "unsupported_content").Raise(),
            _ => throw part.Wrong("type", "'text'"),
        };
    }
}
