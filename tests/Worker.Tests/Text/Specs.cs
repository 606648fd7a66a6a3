using System.Collections.Immutable;
using Astraea.Core.Lifecycle;

namespace Astraea.Worker.Tests.Text;

/// <summary>Segment specs for tests.</summary>
internal static class Specs
{
    public const string OneString = """{"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}""";

    public static SegmentSpec Plain(params string[] stop) => new(100, 0, false, new Sampling(), [.. stop], ToolMode.None, null, null, true);

    public static SegmentSpec Auto(params string[] names) =>
        new(1000, 0, false, new Sampling(), ImmutableArray<string>.Empty, ToolMode.Auto, null, Tools([.. names.Select(name => (name, OneString))]), true);

    public static SegmentSpec Forced(string parameters, int max, int min = 0) =>
        new(max, min, true, new Sampling(), ImmutableArray<string>.Empty, ToolMode.Named, "act", Tools(("act", parameters)), true);

    public static SegmentSpec Required(int max, int min, params (string Name, string Parameters)[] tools) =>
        new(max, min, true, new Sampling(), ImmutableArray<string>.Empty, ToolMode.Required, null, Tools(tools), true);

    public static string Tools(params (string Name, string Parameters)[] tools) =>
        "[" + string.Join(", ", tools.Select(tool => $$$"""{"type": "function", "function": {"name": "{{{tool.Name}}}", "parameters": {{{tool.Parameters}}}}}""")) + "]";
}
