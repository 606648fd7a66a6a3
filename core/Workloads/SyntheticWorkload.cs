using System.Collections.Immutable;
using Astraea.Core.Determinism;

namespace Astraea.Core.Workloads;

/// <summary>Draws agent requests of a mixture. A pure function of the seed; request <c>i</c> does not depend on how many are drawn beyond its category.</summary>
/// <remarks>
/// Categories come in proportion to their weights (largest remainders), in random order. Inside a request calls, prompt, outputs, tool results and tool
/// times are independent. When the context is full the segment is cut there and the request ends, as in the trace this was fitted to.
/// The call that ends a recorded request (see <see cref="WorkloadCategory.EndsInCall"/>) is not replayed: nothing comes after it.
/// </remarks>
public static class SyntheticWorkload
{
    /// <summary>Draws requests of <see cref="InferCeptMixture"/>.</summary>
    /// <param name="seed">Same seed, same requests.</param>
    /// <param name="count">How many (requests).</param>
    public static ImmutableArray<WorkloadRequest> Generate(ulong seed, int count) =>
        Generate(seed, count, InferCeptMixture.Categories, InferCeptMixture.ContextTokensMax);

    /// <summary>Draws requests of any mixture.</summary>
    /// <param name="seed">Same seed, same requests.</param>
    /// <param name="count">How many (requests).</param>
    /// <param name="categories">The mixture; at least one.</param>
    /// <param name="contextTokensMax">Longest context of a request, output included (tokens).</param>
    public static ImmutableArray<WorkloadRequest> Generate(ulong seed, int count, ImmutableArray<WorkloadCategory> categories, int contextTokensMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var tree = new SeedTree(seed).Child("synthetic");
        int[] quotas = CategoryQuotas.Split(count, [.. categories.Select(static c => c.Weight)]);
        int[] order = [.. quotas.SelectMany(static (quota, category) => Enumerable.Repeat(category, quota))];
        RandomOrder.Shuffle(order, tree.Child("order").Generator());
        return [.. order.Select((category, index) => Draw(categories[category], contextTokensMax, index, tree.Child("request", index).Generator()))];
    }

    private static WorkloadRequest Draw(WorkloadCategory category, int contextTokensMax, int index, SeededGenerator draws)
    {
        int calls = category.Calls.DrawWhole(draws);
        int segments = Math.Max(1, category.EndsInCall ? calls : calls + 1);
        int input = Math.Clamp(category.FirstPrompt.DrawWhole(draws), 1, Math.Min(InferCeptMixture.FirstPromptTokensMax, contextTokensMax - 1));
        var drawn = ImmutableArray.CreateBuilder<WorkloadSegment>(segments);
        int context = 0;
        while (true)
        {
            int output = Math.Max(1, category.Output.DrawWhole(draws));
            double toolSeconds = Math.Max(0, category.ToolSeconds.Draw(draws));
            int nextInput = Math.Max(0, category.ToolTokens.DrawWhole(draws));
            context += input;
            output = Math.Min(output, contextTokensMax - context);
            bool last = drawn.Count + 1 == segments || context + output + nextInput >= contextTokensMax;
            drawn.Add(new WorkloadSegment(input, context, output, last ? null : category.Name, last ? null : toolSeconds));
            if (last)
                return new WorkloadRequest($"synthetic-{index}", category.Name, drawn.ToImmutable());
            context += output;
            input = nextInput;
        }
    }
}
