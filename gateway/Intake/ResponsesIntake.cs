using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Intake;

/// <summary>Reads the body of <c>POST /v1/responses</c>.</summary>
internal static class ResponsesIntake
{
    /// <summary>Key of the response metadata that says what was left out of the input.</summary>
    public const string WarningKey = "astraea_warning";

    private static readonly JsonElement AutoChoice = JsonDocument.Parse("\"auto\"").RootElement.Clone();

    public static GenerationAsk Read(JsonFields body, string model, GatewayOptions options)
    {
        GenerationIntake.CheckModel(body, model);
        RefuseWhatIsNotServed(body);
        bool store = body.OptionalFlag("store") ?? true;
        bool background = body.OptionalFlag("background") ?? false;
        if (background && !store)
            throw ApiError.Invalid("background", "A background response must be stored: 'store' cannot be false.").Raise();
        ImmutableSortedDictionary<string, string> metadata = GenerationIntake.Metadata(body);
        string category = GenerationIntake.Category(metadata);
        (ImmutableArray<ChatItem> items, bool leftOutImages) = ResponseInput.Read(body, options);
        if (leftOutImages)
            metadata = metadata.SetItem(WarningKey, "This model takes text only; images in the input were left out.");
        (Sampling sampling, bool hasSeed) = GenerationIntake.Sampling(body);
        OutputLimits limits = GenerationIntake.Limits(body, "max_output_tokens");
        ExchangeId? previous = Previous(body);
        ToolAsk tools = ToolIntake.Read(body, Surface.Responses, options);
        JsonFields? textFormat = body.OptionalObject("text")?.OptionalObject("format");
        string? format = FormatIntake.Read(textFormat, flat: true);
        ResponseEcho echo = new(
            body.OptionalText("instructions"), previous?.Response, EchoTools(body), body.TryGet("tool_choice", out JsonElement choice) ? choice : AutoChoice, body.OptionalFlag("parallel_tool_calls") ?? true,
            sampling.TopP, sampling.PresencePenalty, sampling.FrequencyPenalty, sampling.Temperature, limits.Max,
            body.OptionalWhole("max_tool_calls", 1, int.MaxValue), store, background, metadata,
            body.OptionalText("safety_identifier", 256), body.OptionalText("prompt_cache_key", 256), format is null ? null : textFormat!.Value.Element);
        return new GenerationAsk(
            Surface.Responses, items, echo.Instructions, previous, limits, sampling, hasSeed, GenerationIntake.Stop(body), tools,
            category, body.OptionalFlag("stream") ?? false, IncludesUsage: true, background, format, Choices: 1, echo);
    }

    /// <summary>Tools as the object repeats them: the schema wants all keys of a tool, null or not.</summary>
    private static JsonElement EchoTools(JsonFields body)
    {
        JsonArray echo = [];
        if (body.TryGet("tools", out JsonElement tools))
        {
            foreach (JsonElement tool in tools.EnumerateArray())
            {
                JsonObject shown = JsonObject.Create(tool)!;
                foreach (string key in (ReadOnlySpan<string>)["description", "parameters", "strict"])
                    shown.TryAdd(key, null);
                echo.Add((JsonNode)shown);
            }
        }
        return JsonSerializer.SerializeToElement(echo, WireJson.Wire.JsonArray);
    }

    private static ExchangeId? Previous(JsonFields body)
    {
        if (body.OptionalText("previous_response_id") is not { } text)
            return null;
        // An id we would not print is an id of nothing.
        return ExchangeId.TryParseResponse(text, out ExchangeId id) ? id : throw PreviousNotFound(text);
    }

    public static ApiException PreviousNotFound(string id) =>
        ApiError.NotFound($"Previous response with id '{ToolIntake.Printable(id)}' not found.", "previous_response_not_found", "previous_response_id").Raise();

    private static void RefuseWhatIsNotServed(JsonFields body)
    {
        if (body.Has("conversation"))
        {
            throw body.Has("previous_response_id")
                ? ApiError.Invalid("conversation", "'conversation' and 'previous_response_id' cannot both be given.").Raise()
                : ApiError.Unsupported("conversation", "'conversation' is not supported; use 'previous_response_id'.").Raise();
        }
        if (body.Has("prompt"))
            throw ApiError.Unsupported("prompt", "Stored prompts are not supported.").Raise();
        if (body.OptionalText("truncation") is not (null or "disabled"))
            throw ApiError.Unsupported("truncation", "Only 'disabled' is supported: an input that does not fit is refused.").Raise();
        if (body.OptionalWhole("top_logprobs", 0, 20) is > 0)
            throw ApiError.Unsupported("top_logprobs", "'top_logprobs' is not supported.").Raise();
    }
}
