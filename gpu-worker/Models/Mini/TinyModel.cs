using System.Text;

namespace Astraea.Worker.Models.Mini;

/// <summary>The built-in model: random weights from a fixed seed, so that a node has something to run when it is given no model. The same bytes everywhere.</summary>
public static class TinyModel
{
    /// <summary>Name of the model, and of its folder.</summary>
    public const string Name = "astraea-tiny";

    // Few tokens around the texts: a role in front, an end behind. Tools are listed by name and parameters before everything else.
    private const string Template =
        """
        {%- if tools %}
            {{- '<|system|>' }}
            {%- for tool in tools %}
                {{- tool.function.name + '(' }}
                {%- if tool.function.parameters is mapping and tool.function.parameters.properties is mapping %}
                    {{- tool.function.parameters.properties | join(', ') }}
                {%- endif %}
                {{- ')\n' }}
            {%- endfor %}
            {{- '<|end|>' }}
        {%- endif %}
        {%- for message in messages %}
            {{- '<|' + message.role + '|>' + message.content }}
            {%- for call in message.tool_calls or [] %}
                {{- '<tool_call>\n{"name": ' + call.function.name | tojson + ', "arguments": ' + call.function.arguments | tojson + '}\n</tool_call>' }}
            {%- endfor %}
            {{- '<|end|>' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|assistant|>' }}
        {%- endif %}

        """;

    /// <summary>Writes the model folder, unless it is there already. Atomic: other processes see all of it or nothing.</summary>
    /// <param name="folder">Where: the folder itself, made with its parents.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void WriteTo(string folder) => WriteTo(folder, TinyShape.BuiltIn);

    /// <summary>Writes a model of the same kind in another size.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void WriteTo(string folder, TinyShape shape)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        (string Name, byte[] Content)[] files = Files(shape);
        if (IsWritten(target, files))
            return;
        string parent = Path.GetDirectoryName(target) ?? throw new IOException($"{folder} cannot be a model folder.");
        Directory.CreateDirectory(parent);
        string fresh = Path.Combine(parent, $".{Path.GetFileName(target)}.{Environment.ProcessId}.{Guid.NewGuid():N}");
        Directory.CreateDirectory(fresh);
        foreach (var (name, content) in files)
            File.WriteAllBytes(Path.Combine(fresh, name), content);
        try
        {
            if (Directory.Exists(target))
            {
                // Of another version, or damaged.
                string old = fresh + ".old";
                Directory.Move(target, old);
                Directory.Move(fresh, target);
                Directory.Delete(old, recursive: true);
            }
            else
                Directory.Move(fresh, target);
        }
        catch (IOException) when (IsWritten(target, files))
        {
            Directory.Delete(fresh, recursive: true); // Another process was faster.
        }
    }

    private static (string Name, byte[] Content)[] Files(TinyShape shape) =>
    [
        ("config.json", new TinyWeights(shape).ConfigJson()),
        ("tokenizer.json", TinyVocabulary.TokenizerJson()),
        ("tokenizer_config.json", Encoding.UTF8.GetBytes("""{"eos_token": "<|end|>", "pad_token": "<|pad|>"}""")),
        ("chat_template.jinja", Encoding.UTF8.GetBytes(Template)),
        ("model.safetensors", new TinyWeights(shape).SafeTensors()),
    ];

    private static bool IsWritten(string folder, (string Name, byte[] Content)[] files) =>
        Directory.Exists(folder) && files.All(file =>
            File.Exists(Path.Combine(folder, file.Name)) && File.ReadAllBytes(Path.Combine(folder, file.Name)).AsSpan().SequenceEqual(file.Content));
}
