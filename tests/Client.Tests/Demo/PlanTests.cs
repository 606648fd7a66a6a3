using Astraea.Cli.Demo.Plan;
using Astraea.Core.Workloads;

namespace Astraea.Client.Tests.Demo;

public sealed class PlanTests
{
    private static readonly ReplayPlan Plan = ReplayPlan.AtOnce(SyntheticWorkload.Generate(3, 40), 3, 0.05);

    [Fact]
    public void A_plan_keeps_tokens_scales_tool_times_and_names_functions_the_wire_takes()
    {
        ReplayPlan plan = ReplayPlan.AtOnce([new("a", "c", [new(10, 10, 4, "look up!", 20), new(3, 17, 5, null, null)])], 1, 0.05);

        PlannedRequest request = Assert.Single(plan.Requests);
        Assert.Equal(
            [new PlannedSegment(10, 4, "look_up_", TimeSpan.FromSeconds(1)), new PlannedSegment(3, 5, null, TimeSpan.Zero)], request.Segments.AsEnumerable());
        Assert.Equal((22, 1.0), (request.ContentTokens, request.ToolTime.TotalSeconds));
        Assert.Equal(["look_up_"], request.Tools);
    }

    [Fact]
    public void Arrivals_offer_exactly_the_rate_asked_for_and_another_rate_only_stretches_them()
    {
        double[] fast = [.. Plan.Arriving(4).Requests.Select(static r => r.Arrival.TotalSeconds)];
        double[] slow = [.. Plan.Arriving(2).Requests.Select(static r => r.Arrival.TotalSeconds)];

        Assert.Equal(10, fast[^1], 1e-6);
        Assert.Equal(fast.Order(), fast);
        Assert.All(fast.Zip(slow), static pair => Assert.Equal(pair.First * 2, pair.Second, 1e-5));
        Assert.True(fast.Zip(fast.Skip(1), static (a, b) => b - a).Distinct().Count() > 30);
    }

    [Fact]
    public void Without_waits_only_the_waits_are_gone()
    {
        ReplayPlan plan = Plan.WithoutToolWaits();
        Assert.All(plan.Requests, static r => Assert.Equal(TimeSpan.Zero, r.ToolTime));
        Assert.Equal(Plan.Requests.Select(static r => r.ContentTokens), plan.Requests.Select(static r => r.ContentTokens));
        Assert.Contains(Plan.Requests, static r => r.ToolTime > TimeSpan.Zero);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2000)]
    public void Prompt_text_has_the_exact_length_of_plain_ascii_without_blank_ends(int length)
    {
        string text = PromptText.Of(5, 2, 1, length);
        Assert.Equal(length, text.Length);
        Assert.Equal(text.Trim(), text);
        Assert.All(text, static c => Assert.True(c == ' ' || char.IsAsciiLetterLower(c)));
        Assert.Equal(text, PromptText.Of(5, 2, 1, length));
    }

    [Fact]
    public void Prompt_texts_of_two_places_share_no_block()
    {
        string[] texts = [.. Enumerable.Range(0, 50).Select(static r => PromptText.Of(5, r, 0, 32)), .. Enumerable.Range(1, 50).Select(static s => PromptText.Of(5, 0, s, 32))];
        Assert.Equal(100, texts.Select(static t => t[..16]).Distinct().Count());
    }

    [Fact]
    public void Template_tokens_are_what_prompts_have_beyond_the_workload()
    {
        PlannedRequest request = new(0, "", "", TimeSpan.Zero, [new(10, 4, "t", default), new(3, 5, "t", default), new(2, 6, null, default)]);

        TemplateTokens template = TemplateTokens.Largest([(request, [30, 30 + 4 + 3 + 25, 62 + 5 + 2 + 24])]);

        Assert.Equal(new TemplateTokens(20, 25), template);
        Assert.Equal(30 + 70, template.ContextOf(request));
    }

    [Fact]
    public void A_pool_is_a_share_of_the_working_set_but_holds_the_longest_request_and_one_more()
    {
        PoolPlan wide = PoolPlan.Of(64_000, 0.5, 2, 2_000, 1_000);
        Assert.Equal((1_000, false), (wide.DeviceBlocks, wide.AtLeast));
        Assert.Equal(0.5, wide.Share, 1e-9);

        PoolPlan tight = PoolPlan.Of(6_000, 0.5, 2, 2_000, 1_000);
        Assert.Equal((126 + 64, true), (tight.DeviceBlocks, tight.AtLeast));
        Assert.True(tight.Share > 0.5);
    }
}
