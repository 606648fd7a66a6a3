namespace Astraea.Cli.Demo.Plan;

/// <summary>Tokens the chat template adds, beyond what the workload counts (fed call heads and tails included).</summary>
/// <param name="First">In front of and behind a first prompt, tool declarations included (tokens).</param>
/// <param name="Later">For each later segment: the end of the call, the frame of the result, the next turn (tokens).</param>
internal sealed record TemplateTokens(int First, int Later)
{
    /// <summary>The largest that were seen, so that memory planned with them suffices.</summary>
    public static TemplateTokens Largest(IEnumerable<(PlannedRequest Planned, IReadOnlyList<int> PromptTokens)> seen)
    {
        int first = 0;
        int later = 0;
        foreach ((PlannedRequest planned, IReadOnlyList<int> prompts) in seen)
        {
            for (int i = 0; i < prompts.Count; i++)
            {
                int content = planned.Segments[i].NewTokens + (i == 0 ? 0 : planned.Segments[i - 1].OutputTokens);
                int added = prompts[i] - (i == 0 ? 0 : prompts[i - 1]) - content;
                if (i == 0)
                    first = Math.Max(first, added);
                else
                    later = Math.Max(later, added);
            }
        }
        return new TemplateTokens(first, later);
    }

    /// <summary>Template tokens in the whole context of a request (tokens).</summary>
    public int Of(PlannedRequest request) => First + Later * (request.Segments.Length - 1);

    /// <summary>Longest context of a request, output included (tokens).</summary>
    public int ContextOf(PlannedRequest request) => request.ContentTokens + Of(request);
}
