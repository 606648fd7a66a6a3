using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Models.ChatTemplate;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Text;

/// <summary>Renders conversations through a chat template into token ids.</summary>
internal sealed class PromptRenderer
{
    private readonly BpeTokenizer _tokenizer;
    private readonly JinjaTemplate _template;
    private readonly JinjaTemplate _toolTemplate;
    private readonly IReadOnlyDictionary<string, string> _named;
    private readonly ImmutableArray<int> _endTokens;
    private readonly string _opening;
    private readonly TimeProvider _time;

    /// <param name="tokenizer">Encodes text.</param>
    /// <param name="template">Template without tools.</param>
    /// <param name="toolTemplate">Template with tools; often the same.</param>
    /// <param name="named">Texts templates know by name, such as <c>bos_token</c>.</param>
    /// <param name="endTokens">Ids that end an answer.</param>
    /// <param name="time">For templates that write the date.</param>
    public PromptRenderer(
        BpeTokenizer tokenizer, JinjaTemplate template, JinjaTemplate toolTemplate, IReadOnlyDictionary<string, string> named, ImmutableArray<int> endTokens,
        TimeProvider time)
    {
        _time = time;
        _tokenizer = tokenizer;
        _template = template;
        _toolTemplate = toolTemplate;
        _named = named;
        _endTokens = endTokens;
        _opening = FindOpening();
    }

    public RenderedPrompt Render(ChatConversation conversation)
    {
        var sentinels = new Sentinels(_tokenizer);
        object? tools = string.IsNullOrEmpty(conversation.ToolsJson) ? null : WithoutStrict(ParseJson(conversation.ToolsJson, sentinels.HideControls, "tools"));
        string rendered = RenderText([.. conversation.Items.Select(item => (object?)Message(item, sentinels))], tools, addOpening: true);
        return Encode(sentinels.Cut(rendered));
    }

    /// <summary>How closely a tool is followed is no business of the model, and no model was trained to read it.</summary>
    private static object? WithoutStrict(object? tools)
    {
        foreach (object? tool in tools as List<object?> ?? [])
        {
            if (tool is OrderedDictionary<string, object?> members && members.GetValueOrDefault("function") is OrderedDictionary<string, object?> function)
                function.Remove("strict");
        }
        return tools;
    }

    private RenderedPrompt Encode(List<PromptPart> parts)
    {
        var tokens = new List<int>();
        int content = 0;
        for (int i = 0; i < parts.Count;)
        {
            if (parts[i] is PromptPart.Output output)
            {
                tokens.AddRange(output.Tokens);
                content += output.Tokens.Length;
                i++;
                continue;
            }
            int from = i, before = tokens.Count;
            while (i < parts.Count && parts[i] is not PromptPart.Output)
                i++;
            List<PromptPart> run = parts[from..i];
            if (i < parts.Count && run[^1] is PromptPart.Template last)
                run[^1] = new PromptPart.Template(CutToOpening(last.Text));
            content += EncodeRun(run, tokens);
            // An answer that ended by itself has its end token already.
            if (from > 0 && before > 0 && tokens.Count > before && tokens[before] == tokens[before - 1] && _endTokens.Contains(tokens[before]))
                tokens.RemoveAt(before);
        }
        return new RenderedPrompt([.. tokens], content);
    }

    /// <summary>Encodes what stands between outputs as one text, as the model has learned it.</summary>
    /// <returns>Tokens that end inside the text of an item (tokens).</returns>
    private int EncodeRun(List<PromptPart> run, List<int> tokens)
    {
        int next = tokens.Count;
        _tokenizer.Encode(run.ConvertAll(part => part is PromptPart.Template template ? (template.Text, true) : (((PromptPart.Typed)part).Text, false)), tokens);
        int content = 0, bytes = 0, end = 0;
        foreach (PromptPart part in run)
        {
            end += Encoding.UTF8.GetByteCount(part is PromptPart.Template template ? template.Text : ((PromptPart.Typed)part).Text);
            for (; next < tokens.Count && bytes + _tokenizer.Bytes(tokens[next]).Length <= end; next++)
            {
                bytes += _tokenizer.Bytes(tokens[next]).Length;
                content += part is PromptPart.Typed { Content: true } ? 1 : 0;
            }
        }
        return content;
    }

    /// <summary>
    /// Our own answer follows what it was generated after: the opening of an answer, and nothing a template would put between the two afterwards
    /// (an empty thought, say), because the tokens before the answer are those whose KV is held.
    /// </summary>
    private string CutToOpening(string text)
    {
        int at = _opening.Length == 0 ? -1 : text.LastIndexOf(_opening, StringComparison.Ordinal);
        return at < 0 ? text : text[..(at + _opening.Length)];
    }

    /// <summary>What the template writes for the model to go on from: the difference the generation prompt makes.</summary>
    private string FindOpening()
    {
        List<object?> messages = [new OrderedDictionary<string, object?>(StringComparer.Ordinal) { ["role"] = "user", ["content"] = "x" }];
        try
        {
            string with = RenderText(messages, null, addOpening: true);
            string without = RenderText(messages, null, addOpening: false);
            return with.StartsWith(without, StringComparison.Ordinal) ? with[without.Length..] : "";
        }
        catch (TextException)
        {
            return ""; // A template that refuses this conversation: its openings are taken as they come.
        }
    }

    private string RenderText(List<object?> messages, object? tools, bool addOpening)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["messages"] = messages,
            ["tools"] = tools,
            ["add_generation_prompt"] = addOpening,
            ["strftime_now"] = StrfTime.Over(_time.GetUtcNow),
        };
        foreach (var (name, text) in _named)
            variables[name] = text;
        return (tools is null ? _template : _toolTemplate).Render(variables);
    }

    private static OrderedDictionary<string, object?> Message(ChatItem item, Sentinels sentinels)
    {
        bool own = item.Role == ChatRole.Assistant && item.OutputTokens.Length > 0;
        var message = new OrderedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["role"] = item.Role switch
            {
                ChatRole.System => "system",
                ChatRole.User => "user",
                ChatRole.Assistant => "assistant",
                _ => "tool",
            },
            ["content"] = own ? sentinels.Hide(item.OutputTokens) : sentinels.Hide(item.Text),
        };
        if (!own && item.Calls.Length > 0)
            message["tool_calls"] = item.Calls.Select(call => (object?)Call(call, sentinels)).ToList();
        if (item.CallId is not null)
            message["tool_call_id"] = sentinels.HideControls(item.CallId);
        if (item.Name is not null)
            message["name"] = sentinels.HideControls(item.Name);
        return message;
    }

    private static OrderedDictionary<string, object?> Call(ToolCall call, Sentinels sentinels)
    {
        object? arguments;
        try
        {
            arguments = ParseJson(call.Arguments, sentinels.HideControls, "arguments");
        }
        catch (TextException)
        {
            // A client may echo arguments that never were JSON; templates then print the string.
            arguments = sentinels.HideControls(call.Arguments);
        }
        return new OrderedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["id"] = sentinels.HideControls(call.Id),
            ["type"] = "function",
            ["function"] = new OrderedDictionary<string, object?>(StringComparer.Ordinal)
            {
                ["name"] = sentinels.HideControls(call.Name),
                ["arguments"] = arguments,
            },
        };
    }

    private static object? ParseJson(string json, Func<string, string> text, string what)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return TemplateValues.FromJson(document.RootElement, text);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new TextException($"{what} is not JSON: {e.Message}", e);
        }
    }
}
