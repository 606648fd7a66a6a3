using System.Collections.Immutable;
using Astraea.Contracts.Text;
using Astraea.Core.Lifecycle;
using Astraea.Gateway.Identity;
using Astraea.Gateway.Wire;

namespace Astraea.Gateway.Intake;

/// <summary>What one POST asks, read and checked; the same for every surface.</summary>
/// <param name="Surface">Where it came in.</param>
/// <param name="Items">Conversation items of the body, in order.</param>
/// <param name="Instructions">Words that stand before the items and are not kept for later exchanges (Responses), or null.</param>
/// <param name="Previous">The exchange it goes on from, when it names one.</param>
/// <param name="Limits">Output limits.</param>
/// <param name="Sampling">How tokens are drawn; the seed is filled in at accept when the client gave none.</param>
/// <param name="HasSeed">Whether the client gave a seed.</param>
/// <param name="Stop">Texts that end the output.</param>
/// <param name="Tools">Tools and which may be called.</param>
/// <param name="Category">Class for predictors; empty when unknown.</param>
/// <param name="Streams">Whether the answer is a stream of events.</param>
/// <param name="IncludesUsage">Whether a chat stream ends with the usage.</param>
/// <param name="Background">Whether the work goes on when nobody reads.</param>
/// <param name="FormatJson">The form of the answer, as a segment takes it; null for plain text.</param>
/// <param name="Choices">How many answers are wanted.</param>
/// <param name="Echo">Parameters a Responses object repeats; null on other surfaces.</param>
internal sealed record GenerationAsk(
    Surface Surface,
    ImmutableArray<ChatItem> Items,
    string? Instructions,
    ExchangeId? Previous,
    OutputLimits Limits,
    Sampling Sampling,
    bool HasSeed,
    ImmutableArray<string> Stop,
    ToolAsk Tools,
    string Category,
    bool Streams,
    bool IncludesUsage,
    bool Background,
    string? FormatJson,
    int Choices,
    ResponseEcho? Echo);

/// <summary>Output limits as asked.</summary>
/// <param name="Max">Most tokens, or null for the default.</param>
/// <param name="Min">Least tokens.</param>
/// <param name="IgnoreEos">Whether the end token is treated like any other.</param>
internal sealed record OutputLimits(int? Max, int Min, bool IgnoreEos);

/// <summary>Tools as asked.</summary>
/// <param name="Json">A JSON array in OpenAI's chat shape, or null.</param>
/// <param name="Mode">Whether tools are called.</param>
/// <param name="Name">The tool, when named.</param>
internal sealed record ToolAsk(string? Json, ToolMode Mode, string? Name);
