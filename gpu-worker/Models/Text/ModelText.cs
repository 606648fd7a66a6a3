using System.Collections.Immutable;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.ChatTemplate;
using Astraea.Worker.Models.Output;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Text;

/// <summary>The textual side of a model folder. Immutable, thread-safe.</summary>
public sealed class ModelText : IModelText, IConstraintFactory
{
    private readonly PromptRenderer _renderer;
    private readonly OutputForms _forms;

    private ModelText(string model, ModelFolder folder, TimeProvider time)
    {
        Model = model;
        Tokenizer = folder.Tokenizer;
        _forms = new OutputForms(folder.Tokenizer);
        EndTokens = folder.EndTokens;
        ContextTokensMax = folder.ContextTokensMax;
        JinjaTemplate template = JinjaTemplate.Parse(folder.Template);
        JinjaTemplate toolTemplate = folder.ToolTemplate == folder.Template ? template : JinjaTemplate.Parse(folder.ToolTemplate);
        _renderer = new PromptRenderer(folder.Tokenizer, template, toolTemplate, folder.Named, folder.EndTokens, time);
    }

    /// <inheritdoc/>
    public string Model { get; }

    /// <inheritdoc/>
    public int ContextTokensMax { get; }

    /// <inheritdoc/>
    public ImmutableArray<int> EndTokens { get; }

    /// <summary>Turns text into token ids and back.</summary>
    public BpeTokenizer Tokenizer { get; }

    /// <summary>Reads a model folder.</summary>
    /// <param name="folder">Holds <c>tokenizer.json</c>, <c>config.json</c> and a chat template.</param>
    /// <param name="model">Name clients use; the folder's own name when null.</param>
    /// <param name="time">For templates that write the date (UTC); the system's when null.</param>
    /// <exception cref="TextException">A file is missing or cannot be handled; the message names it and the place in it.</exception>
    public static ModelText Load(string folder, string? model = null, TimeProvider? time = null) =>
        new(model ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))), ModelFolder.Read(folder), time ?? TimeProvider.System);

    /// <inheritdoc/>
    public RenderedPrompt Render(ChatConversation conversation) => _renderer.Render(conversation);

    /// <inheritdoc/>
    public IOutputReader CreateReader(SegmentSpec spec) => new OutputReader(Tokenizer, spec);

    /// <inheritdoc/>
    public string? Check(SegmentSpec spec)
    {
        if (ToolDeclarations.Read(spec.ToolsJson, out _) is { } error)
            return error;
        try
        {
            _forms.Form(spec);
            return null;
        }
        catch (TextException e)
        {
            return e.Message;
        }
    }

    /// <inheritdoc/>
    public IOutputConstraint? Create(SegmentSpec spec) => _forms.Create(spec);
}
