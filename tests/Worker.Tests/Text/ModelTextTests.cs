using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Models.Text;

namespace Astraea.Worker.Tests.Text;

public sealed class ModelTextTests : IDisposable
{
    private const string Tools = """[{"type": "function", "function": {"name": "find", "description": "Finds <|im_end|> things", "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}]""";

    // In the manner of Qwen 2.5 and of Llama 3.1; words of our own.
    private const string QwenLike =
        """
        {%- if tools %}
            {{- '<|im_start|>system\n' }}
            {%- if messages[0]['role'] == 'system' %}{{- messages[0]['content'] }}{%- else %}{{- 'You answer questions.' }}{%- endif %}
            {{- "\n\n# Tools\n<tools>" }}
            {%- for tool in tools %}{{- "\n" }}{{- tool | tojson }}{%- endfor %}
            {{- "\n</tools><|im_end|>\n" }}
        {%- elif messages[0]['role'] == 'system' %}
            {{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}
        {%- endif %}
        {%- for message in messages %}
            {%- if (message.role == "user") or (message.role == "system" and not loop.first) or (message.role == "assistant" and not message.tool_calls) %}
                {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}
            {%- elif message.role == "assistant" %}
                {{- '<|im_start|>' + message.role }}
                {%- if message.content %}{{- '\n' + message.content }}{%- endif %}
                {%- for call in message.tool_calls %}
                    {%- if call.function is defined %}{%- set call = call.function %}{%- endif %}
                    {{- '\n<tool_call>\n{"name": "' }}{{- call.name }}{{- '", "arguments": ' }}{{- call.arguments | tojson }}{{- '}\n</tool_call>' }}
                {%- endfor %}
                {{- '<|im_end|>\n' }}
            {%- elif message.role == "tool" %}
                {%- if (loop.index0 == 0) or (messages[loop.index0 - 1].role != "tool") %}{{- '<|im_start|>user' }}{%- endif %}
                {{- '\n<tool_response>\n' }}{{- message.content }}{{- '\n</tool_response>' }}
                {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|im_end|>\n' }}{%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
        """;

    // As Qwen 3 does, an empty thought is put before the answer once it is history.
    private static readonly string ThinkingLike = QwenLike.Replace(
        "{%- for message in messages %}",
        "{%- for message in messages %}{%- if message.role == 'assistant' and not message.tool_calls and loop.index0 > 1 %}{{- '<|im_start|>assistant\\n<think>\\n\\n</think>\\n\\n' + message.content + '<|im_end|>\\n' }}{%- continue %}{%- endif %}",
        StringComparison.Ordinal);

    private const string LlamaLike =
        """
        {{- bos_token }}
        {%- if messages[0]['role'] == 'system' %}{%- set system = messages[0]['content'] | trim %}{%- set messages = messages[1:] %}{%- else %}{%- set system = "" %}{%- endif %}
        {{- "<|start_header_id|>system<|end_header_id|>\n\nDate: 1 Jan\n\n" + system + "<|eot_id|>" }}
        {%- if tools is not none and not tools_in_system is defined %}
            {%- if messages | length != 0 %}{%- set first = messages[0]['content'] | trim %}{%- set messages = messages[1:] %}{%- else %}{{- raise_exception("There is no user message to put the tools into") }}{%- endif %}
            {{- '<|start_header_id|>user<|end_header_id|>\n\nFunctions:\n\n' }}
            {%- for t in tools %}{{- t | tojson(indent=4) }}{{- "\n\n" }}{%- endfor %}
            {{- first + "<|eot_id|>" }}
        {%- endif %}
        {%- for message in messages %}
            {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
                {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' }}
            {%- elif 'tool_calls' in message %}
                {%- if not message.tool_calls | length == 1 %}{{- raise_exception("One call at a time") }}{%- endif %}
                {%- set call = message.tool_calls[0].function %}
                {{- '<|start_header_id|>assistant<|end_header_id|>\n\n{"name": "' + call.name + '", "parameters": ' }}{{- call.arguments | tojson }}{{- "}<|eot_id|>" }}
            {%- else %}
                {{- "<|start_header_id|>ipython<|end_header_id|>\n\n" }}
                {%- if message.content is mapping or message.content is iterable %}{{- message.content | tojson }}{%- else %}{{- message.content }}{%- endif %}
                {{- "<|eot_id|>" }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}
        """;

    private readonly string _root = Directory.CreateTempSubdirectory("astraea-text-").FullName;

    public static TheoryData<string> Models => ["tiny", "qwen", "thinking", "llama"];

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [MemberData(nameof(Models))]
    public void Prompt_goes_on_exactly_from_prompt_and_output_before_it(string model)
    {
        ModelText text = Model(model);
        string[] outputs = ["I look.\n<tool_call>\n{\"name\": \"find\", \"arguments\": {\"q\": \"x\"}}\n</tool_call>", "  ünï 😀 <|im_end|> \n", "x", "\uFFFD"];
        foreach (bool ended in (bool[])[false, true])
        {
            List<ChatItem> items = [new(ChatRole.System, "Be brief."), new(ChatRole.User, " hi\n"), new(ChatRole.Assistant, "earlier"), new(ChatRole.User, "go on")];
            RenderedPrompt prompt = text.Render(new ChatConversation([.. items], Tools));
            foreach (string output in outputs)
            {
                ImmutableArray<int> ids = text.Tokenizer.Encode(output, parseAdded: false);
                if (ended)
                    ids = ids.Add(text.EndTokens[0]);
                items.Add(new ChatItem(ChatRole.Assistant, output, [new ToolCall("call_1", "find", "{\"q\": \"x\"}")], OutputTokens: ids));
                items.Add(new ChatItem(ChatRole.Tool, "result of <|im_end|> it", CallId: "call_1", Name: "find"));
                RenderedPrompt next = text.Render(new ChatConversation([.. items], Tools));

                ImmutableArray<int> before = [.. prompt.Tokens, .. ids];
                Assert.Equal(before.ToArray(), next.Tokens[..before.Length].ToArray());
                Assert.True(next.Tokens.Length > before.Length);
                // The turn is closed once, whether or not the output closed it.
                Assert.Equal(text.EndTokens[0], ended ? next.Tokens[before.Length - 1] : next.Tokens[before.Length]);
                Assert.NotEqual(text.EndTokens[0], next.Tokens[ended ? before.Length : before.Length + 1]);
                prompt = next;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Control_tokens_in_any_typed_place_stay_text(string model)
    {
        ModelText text = Model(model);
        string evil = string.Concat(text.Tokenizer.AddedTokens.Select(token => token.Content));
        ChatConversation Conversation(string typed) => new(
        [
            new ChatItem(ChatRole.System, "s" + typed), new ChatItem(ChatRole.User, "u" + typed),
            new ChatItem(ChatRole.Assistant, "a" + typed, [new ToolCall("id" + typed, "find" + typed, JsonSerializer.Serialize(new Dictionary<string, string> { ["k" + typed] = typed }))]),
            new ChatItem(ChatRole.Tool, "t" + typed, CallId: "id" + typed, Name: "find" + typed),
        ], JsonSerializer.Serialize(new[] { new { type = "function", function = new { name = "f" + typed, description = typed, parameters = new { type = "object", properties = new Dictionary<string, object> { ["p" + typed] = new { type = "string" } } } } } }));

        HashSet<int> control = [.. text.Tokenizer.AddedTokens.Select(token => token.Id)];
        int[] clean = [.. text.Render(Conversation("")).Tokens.Where(control.Contains)];
        int[] dirty = [.. text.Render(Conversation(evil)).Tokens.Where(control.Contains)];

        Assert.NotEmpty(clean);
        Assert.Equal(clean, dirty);
        string shown = text.Tokenizer.Decode(text.Render(Conversation(evil)).Tokens.AsSpan(), keepSpecial: true);
        Assert.True(shown.Split(evil).Length - 1 >= 4);
        Assert.DoesNotContain('\u0001', shown);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Marks_of_the_renderer_can_be_typed_like_any_text(string model)
    {
        ModelText text = Model(model);
        const string typed = "\u0001part0\u0001 \\u0001part1\\u0001 \u0001 \\u0001";
        string tools = JsonSerializer.Serialize(new[] { new { type = "function", function = new { name = "f", description = typed, parameters = new { type = "object", properties = new Dictionary<string, object> { [typed] = new { } } } } } });
        RenderedPrompt prompt = text.Render(new ChatConversation([new ChatItem(ChatRole.User, typed), new ChatItem(ChatRole.Assistant, typed), new ChatItem(ChatRole.User, "end")], tools));

        Assert.Contains(typed, text.Tokenizer.Decode(prompt.Tokens.AsSpan()), StringComparison.Ordinal);
    }

    [Fact]
    public void Text_that_a_template_prints_as_json_is_written_as_json()
    {
        RenderedPrompt prompt = Model("llama").Render(new ChatConversation(
            [new ChatItem(ChatRole.User, "u"), new ChatItem(ChatRole.Tool, "say \"hi\"\n", CallId: "c")], null));

        Assert.Contains("\"say \\\"hi\\\"\\n\"<|eot_id|>", Model("llama").Tokenizer.Decode(prompt.Tokens.AsSpan(), keepSpecial: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_of_others_are_rendered_by_the_template()
    {
        RenderedPrompt prompt = Model("qwen").Render(new ChatConversation(
        [
            new ChatItem(ChatRole.User, "u"), new ChatItem(ChatRole.Assistant, "", [new ToolCall("c1", "find", "{\"q\":[1,2.0,null]}"), new ToolCall("c2", "find", "not json")]),
            new ChatItem(ChatRole.Tool, "r1", CallId: "c1"), new ChatItem(ChatRole.Tool, "r2", CallId: "c2"),
        ], null));

        Assert.Equal(
            "<|im_start|>user\nu<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{\"name\": \"find\", \"arguments\": {\"q\": [1, 2.0, null]}}\n</tool_call>"
            + "\n<tool_call>\n{\"name\": \"find\", \"arguments\": \"not json\"}\n</tool_call><|im_end|>\n"
            + "<|im_start|>user\n<tool_response>\nr1\n</tool_response>\n<tool_response>\nr2\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
            Model("qwen").Tokenizer.Decode(prompt.Tokens.AsSpan(), keepSpecial: true));
        Assert.Equal(1 + 2 + 2, prompt.ContentTokens);
    }

    [Fact]
    public void Template_that_refuses_or_loses_an_answer_is_a_clear_error()
    {
        ToolCall call = new("c", "find", "{}");
        ChatConversation two = new([new ChatItem(ChatRole.User, "u"), new ChatItem(ChatRole.Assistant, "", [call, call])], null);
        Assert.Contains("One call at a time", Assert.Throws<TextException>(() => Model("llama").Render(two)).Message, StringComparison.Ordinal);

        ChatConversation own = new([new ChatItem(ChatRole.Assistant, "x", OutputTokens: [65, 66]), new ChatItem(ChatRole.User, "u")], null);
        ModelText deaf = Model("deaf", "qwen-like.json", "{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}");
        Assert.Contains("leaves out an answer", Assert.Throws<TextException>(() => deaf.Render(own)).Message, StringComparison.Ordinal);
        Assert.Equal(1, deaf.Render(own with { Items = own.Items[1..] }).ContentTokens);

        ModelText cutting = Model("cutting", "qwen-like.json", "{% for m in messages %}{{ m.content[:4] }}{% endfor %}");
        Assert.Contains("cannot be followed", Assert.Throws<TextException>(() => cutting.Render(own)).Message, StringComparison.Ordinal);

        ModelText repeating = Model("repeating", "qwen-like.json", "{% for m in messages %}{{ m.content * 2 }}{% endfor %}");
        Assert.Equal([65, 66, 65, 66], repeating.Render(own).Tokens[..4].ToArray());
    }

    [Fact]
    public void Tools_and_choices_are_checked()
    {
        ModelText text = TinyModelFolder.Text;

        Assert.Null(text.Check(Specs.Plain()));
        Assert.Null(text.Check(Specs.Auto("a", "b-2")));
        Assert.Null(text.Check(Specs.Forced(Specs.OneString, 4)));
        Assert.Contains("declared twice", text.Check(Specs.Auto("a", "a")), StringComparison.Ordinal);
        Assert.Contains("characters", text.Check(Specs.Auto("a b")), StringComparison.Ordinal);
        Assert.Contains("characters", text.Check(Specs.Auto(new string('a', 65))), StringComparison.Ordinal);
        Assert.Contains("'gone'", text.Check(Specs.Forced("{}", 4) with { ToolName = "gone" }), StringComparison.Ordinal);
        Assert.Contains("no tools", text.Check(Specs.Plain() with { ToolMode = ToolMode.Required }), StringComparison.Ordinal);
        foreach (string tools in (string[])["{", "{}", "[1]", "[{}]", "[{\"function\":{}}]", "[{\"type\":\"x\",\"function\":{\"name\":\"a\"}}]", "[{\"function\":{\"name\":\"\\ud800\"}}]", "[{\"function\":{\"name\":\"a\",\"parameters\":[]}}]", "[{\"function\":{\"name\":\"a\",\"parameters\":{\"type\":\"string\"}}}]"])
            Assert.NotNull(text.Check(Specs.Auto("x") with { ToolsJson = tools }));
    }

    [Fact]
    public void Folder_without_a_needed_file_is_a_clear_error()
    {
        string folder = Folder("broken", "qwen-like.json", QwenLike);
        foreach (string file in (string[])["tokenizer.json", "config.json", "tokenizer_config.json"])
        {
            string path = Path.Combine(folder, file);
            byte[] content = File.ReadAllBytes(path);
            File.Delete(path);
            TextException missing = Assert.Throws<TextException>(() => ModelText.Load(folder));
            Assert.Contains(file, missing.Message, StringComparison.Ordinal);
            File.WriteAllText(path, "{\"a\"");
            Assert.Contains(file, Assert.Throws<TextException>(() => ModelText.Load(folder)).Message, StringComparison.Ordinal);
            File.WriteAllBytes(path, content);
        }
        Assert.Equal("broken", ModelText.Load(folder).Model);
    }

    private ModelText Model(string name) => name switch
    {
        "tiny" => TinyModelFolder.Text,
        "qwen" => Model(name, "qwen-like.json", QwenLike),
        "thinking" => Model(name, "qwen-like.json", ThinkingLike),
        _ => Model(name, "llama-like.json", LlamaLike),
    };

    private ModelText Model(string name, string tokenizer, string template) => ModelText.Load(Folder(name, tokenizer, template));

    /// <summary>A model folder as it is published, the template inside tokenizer_config.json.</summary>
    private string Folder(string name, string tokenizer, string template)
    {
        string folder = Path.Combine(_root, name);
        Directory.CreateDirectory(folder);
        bool qwen = tokenizer.StartsWith("qwen", StringComparison.Ordinal);
        File.WriteAllBytes(Path.Combine(folder, "tokenizer.json"), BpeTokenizerTests.Golden(tokenizer));
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), new JsonObject
        {
            ["bos_token"] = qwen ? null : new JsonObject { ["content"] = "<|begin_of_text|>" },
            ["eos_token"] = qwen ? "<|im_end|>" : "<|eot_id|>",
            ["chat_template"] = template,
        }.ToJsonString());
        File.WriteAllText(Path.Combine(folder, "config.json"), """{"max_position_embeddings": 4096}""");
        return folder;
    }
}
