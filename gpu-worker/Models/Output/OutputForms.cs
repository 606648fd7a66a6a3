using System.Collections.Immutable;
using System.Text;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Output.Forms;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Output;

/// <summary>Makes the constraint of a forced tool call. Thread-safe.</summary>
public sealed class CallForms(BpeTokenizer tokenizer) : IConstraintFactory
{
    // Sorting a large vocabulary takes a moment; a server that never forces calls is spared it.
    private readonly Lazy<TokenWalk> _walk = new(() => new TokenWalk(tokenizer));

    /// <inheritdoc/>
    /// <exception cref="TextException">The tools cannot be read, or the tool is not among them.</exception>
    public IOutputConstraint? Create(SegmentSpec spec) => Form(spec) is { } form
        ? new ToolCallConstraint(tokenizer, _walk.Value, form, spec.MaxOutputTokens, spec.MinOutputTokens)
        : null;

    /// <summary>The JSON of the call a segment must make; null when its output is free.</summary>
    internal static FormState? Form(SegmentSpec spec)
    {
        if (spec.ToolMode is ToolMode.None or ToolMode.Auto)
            return null;
        if (ToolDeclarations.Read(spec.ToolsJson, out ImmutableArray<ToolDeclaration> tools) is { } error)
            throw new TextException(error);
        if (spec.ToolMode == ToolMode.Named)
            tools = [.. tools.Where(tool => tool.Name == spec.ToolName)];
        if (tools.IsEmpty)
            throw new TextException(spec.ToolMode == ToolMode.Named
                ? $"tool_choice names '{spec.ToolName}', which is not among the tools"
                : "tool_choice is 'required', but there are no tools");
        try
        {
            FormState end = LiteralState.Of("}", DoneState.Instance);
            return ChoiceState.Of([.. tools.Select(tool => (
                Encoding.UTF8.GetBytes($$"""{"name": "{{tool.Name}}", "arguments": """),
                ValueState.Of(ValueSchema.OfParameters(tool.Parameters), ValueState.FreeDepthMax, end)))]);
        }
        catch (InvalidOperationException e)
        {
            throw new TextException("tools has a name or value that is not valid Unicode text", e);
        }
    }
}
