using System.Collections.Immutable;

namespace Astraea.Core.Workloads;

/// <summary>What is known of one kind of agent: enough to draw requests of it.</summary>
/// <param name="Name">Name of the category.</param>
/// <param name="Weight">Its share, as a count of requests in the trace it was fitted to.</param>
/// <param name="Calls">Tool calls of a request.</param>
/// <param name="EndsInCall">Whether the recorded request ends in a call, so that it has as many segments as calls; else one more.</param>
/// <param name="ToolSeconds">Duration of a call (s).</param>
/// <param name="FirstPrompt">Input of the first segment (tokens).</param>
/// <param name="Output">Output of a segment (tokens).</param>
/// <param name="ToolTokens">What a call returns (tokens).</param>
public sealed record WorkloadCategory(
    string Name, int Weight, TwoMoments Calls, bool EndsInCall, TwoMoments ToolSeconds, TwoMoments FirstPrompt, TwoMoments Output, TwoMoments ToolTokens);

/// <summary>The mixture of augmented language-model workloads of InferCept (Abhyankar et al., arXiv 2402.01869, table 1), with the figures of its public trace.</summary>
/// <remarks>
/// Means and deviations of calls, tool seconds and outputs, and means of prompts and tool results, are those of the published mixture; deviations of
/// prompts and tool results are fitted to the trace. A context ends at <see cref="ContextTokensMax"/>, which cuts long requests short: where that
/// moves a mean by more than a few percent (first prompts of chats, calls of qa and ve), the law before the cut is wider than the figure, so that the
/// requests that come out have the figure within 5 % (tests/Core.Tests/Workloads).
/// </remarks>
public static class InferCeptMixture
{
    /// <summary>Longest context of a request, output included (tokens).</summary>
    public const int ContextTokensMax = 2048;

    /// <summary>Longest first prompt (tokens): leaves room for some output.</summary>
    public const int FirstPromptTokensMax = 2000;

    /// <summary>The six kinds of agent.</summary>
    public static ImmutableArray<WorkloadCategory> Categories { get; } =
    [
        new("math", 99, new(1, 2.79, 1.33), false, new(0, 8.3e-5, 4.8e-5), new(360, 411, 56), new(1, 126, 140), new(14, 21, 5)),
        new("chatbot", 65, new(1, 3.46, 1.96), false, new(3, 28.2, 18.4), new(1, 109, 270), new(1, 102, 131), new(0, 37, 104)),
        new("qa", 49, new(1, 3.55, 1.75), false, new(0, 0.71, 0.20), new(920, 934, 7), new(1, 188, 144), new(30, 57, 8.5)),
        new("tts", 65, new(2, 6.92, 3.92), true, new(0, 17.2, 17.2), new(1, 109, 270), new(1, 31, 26), new(0, 23, 34)),
        new("ve", 54, new(3.5, 5.95, 2.0), true, new(0.05, 0.085, 0.015), TwoMoments.Always(1973), TwoMoments.Always(4), new(2, 9.9, 3)),
        new("image", 65, new(2, 6.92, 3.92), true, new(3, 19.9, 15.4), new(1, 109, 270), new(1, 31, 26), new(0, 22, 34)),
    ];
}
