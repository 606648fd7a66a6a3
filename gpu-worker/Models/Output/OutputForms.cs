using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Worker.Engine;
using Astraea.Worker.Models.Output.Forms;
using Astraea.Worker.Models.Output.Schemas;
using Astraea.Worker.Models.Tokenizer;

namespace Astraea.Worker.Models.Output;

/// <summary>A form of output.</summary>
/// <param name="Open">Text before it, with control tokens; or nothing.</param>
/// <param name="Root">The form.</param>
/// <param name="Close">Text behind it, with control tokens; or nothing.</param>
internal sealed record OutputForm(string Open, FormState Root, string Close);

/// <summary>Makes the constraint of a forced tool call or of structured output. Thread-safe.</summary>
public sealed class OutputForms(BpeTokenizer tokenizer) : IConstraintFactory
{
    /// <summary>Forms kept: agents ask for the same one again and again.</summary>
    private const int KeptMax = 16;

    // Sorting a large vocabulary takes a moment; a server that never forces anything is spared it.
    private readonly Lazy<TokenWalk> _walk = new(() => new TokenWalk(tokenizer));
    private readonly Lock _lock = new();
    private readonly List<((string?, string?, ToolMode, string?) Asked, OutputForm Form)> _kept = [];

    /// <inheritdoc/>
    /// <exception cref="TextException">What is asked cannot be read or followed; the message names the place.</exception>
    public IOutputConstraint? Create(SegmentSpec spec) => Form(spec) is { } form
        ? new FormConstraint(tokenizer, _walk.Value, form, spec.MaxOutputTokens, spec.MinOutputTokens)
        : null;

    /// <summary>The form a segment's output must have; null when it is free.</summary>
    /// <exception cref="TextException">What is asked cannot be read or followed; the message names the place.</exception>
    internal OutputForm? Form(SegmentSpec spec)
    {
        bool calls = spec.ToolMode is ToolMode.Named or ToolMode.Required;
        if (!calls && spec.FormatJson is null)
            return null;
        if (spec.FormatJson is not null && spec.ToolMode != ToolMode.None)
            throw new TextException("response_format: a form of its own is supported only where no tools may be called");
        var asked = (spec.FormatJson, spec.ToolsJson, spec.ToolMode, spec.ToolName);
        lock (_lock)
        {
            int at = _kept.FindIndex(kept => kept.Asked == asked);
            if (at >= 0)
            {
                var found = _kept[at];
                _kept.RemoveAt(at);
                _kept.Add(found);
                return found.Form;
            }
        }
        OutputForm form = Compile(spec, calls);
        lock (_lock)
        {
            if (_kept.Count >= KeptMax)
                _kept.RemoveAt(0);
            _kept.Add((asked, form));
        }
        return form;
    }

    private static OutputForm Compile(SegmentSpec spec, bool calls)
    {
        try
        {
            return calls ? OfCall(spec) : new OutputForm("", OfFormat(spec.FormatJson!), "");
        }
        catch (SchemaException e)
        {
            throw new TextException(e.Message, e);
        }
        catch (InvalidOperationException e)
        {
            throw new TextException("A name or value is not valid Unicode text.", e);
        }
    }

    private static OutputForm OfCall(SegmentSpec spec)
    {
        if (ToolDeclarations.Read(spec.ToolsJson, out ImmutableArray<ToolDeclaration> tools) is { } error)
            throw new TextException(error);
        (ToolDeclaration Tool, int At)[] wanted = [.. tools.Select((tool, i) => (tool, i)).Where(entry => spec.ToolMode != ToolMode.Named || entry.tool.Name == spec.ToolName)];
        if (wanted.Length == 0)
        {
            throw new TextException(spec.ToolMode == ToolMode.Named
                ? $"tool_choice names '{spec.ToolName}', which is not among the tools"
                : "tool_choice is 'required', but there are no tools");
        }
        FormState end = LiteralState.Of("}", DoneState.Instance);
        var budget = new SchemaBudget();
        FormState root = ChoiceState.Of([.. wanted.Select(entry => (
            Encoding.UTF8.GetBytes($$"""{"name": "{{entry.Tool.Name}}", "arguments": """),
            ValueState.Of(OfParameters(entry.Tool, $"tools[{entry.At}].function.parameters", budget), Room.Whole, end)))]);
        return new OutputForm(CallScanner.Open, root, CallScanner.Close);
    }

    /// <summary>What a tool takes: an object always. A sole member is always there: without it there is nothing to say.</summary>
    private static ValueSchema OfParameters(ToolDeclaration tool, string place, SchemaBudget budget)
    {
        if (tool.Parameters is not { } parameters)
            return new ValueSchema { Kinds = ValueKinds.Members };
        ValueSchema schema = SchemaReader.Read(parameters, place, tool.Strict, budget);
        if (schema.Options is not null || schema.Values is not null)
            return IsStructure(schema, ValueKinds.Members) ? schema : tool.Strict ? throw new SchemaException(place, "arguments are an object") : new ValueSchema { Kinds = ValueKinds.Members };
        bool fits = schema.Members is not [{ Required: false } sole] || sole.Value.Height > Room.Whole.Levels - 1;
        return new ValueSchema { Kinds = ValueKinds.Members, Members = fits ? schema.Members : [schema.Members![0] with { Required = true }], Named = schema.Named };
    }

    private static FormState OfFormat(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        JsonElement format = document.RootElement;
        if (!format.TryGetProperty("schema", out JsonElement schema))
            return ValueState.Of(new ValueSchema { Kinds = ValueKinds.Members }, Room.Whole, DoneState.Instance);
        string place = format.TryGetProperty("place", out JsonElement given) ? given.GetString()! : "schema";
        bool strict = !(format.TryGetProperty("strict", out JsonElement flag) && flag.ValueKind == JsonValueKind.False);
        ValueSchema read = SchemaReader.Read(schema.Clone(), place, strict, new SchemaBudget());
        if (IsStructure(read, ValueKinds.Members | ValueKinds.Items))
            return ValueState.Of(read, Room.Whole, DoneState.Instance);
        return strict
            ? throw new SchemaException(place, "at the top, 'type' must be 'object' or 'array'")
            : ValueState.Of(new ValueSchema { Kinds = ValueKinds.Members }, Room.Whole, DoneState.Instance);
    }

    /// <summary>Whether only objects or arrays fit: their end shows by itself.</summary>
    private static bool IsStructure(ValueSchema schema, ValueKinds kinds) => schema.Leaves.All(leaf =>
        leaf.Values is { } values ? values.TrueForAll(value => value[0] == '{' || (value[0] == '[' && kinds.HasFlag(ValueKinds.Items))) : (leaf.Kinds & ~kinds) == 0);
}
