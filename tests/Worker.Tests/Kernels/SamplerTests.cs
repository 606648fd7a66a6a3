using Astraea.Core.Lifecycle;
using Astraea.Worker.Kernels;

namespace Astraea.Worker.Tests.Kernels;

public sealed class SamplerTests
{
    private static readonly Sampler Sampler = new();

    [Fact]
    public void Temperature_zero_takes_the_largest_logit_and_the_lowest_id_among_equals()
    {
        Assert.Equal(2, Sampler.Sample([1f, 2f, 5f, 5f], new Sampling(), 0, 0, []));
        Assert.Equal(0, Sampler.Sample([-3f, float.NegativeInfinity], new Sampling(), 0, 0, []));
    }

    [Fact]
    public void A_draw_depends_on_seed_segment_and_index_and_on_nothing_else()
    {
        float[] logits = RandomLogits(1000, seed: 1);
        int[] first = [.. Draws(logits, new Sampling(1, Seed: 11), segment: 0)];
        Assert.Equal(first, Draws(logits, new Sampling(1, Seed: 11), segment: 0));
        Assert.NotEqual(first, Draws(logits, new Sampling(1, Seed: 12), segment: 0));
        Assert.NotEqual(first, Draws(logits, new Sampling(1, Seed: 11), segment: 1));
        // Going on at an index gives what an uninterrupted run gave, also from another thread with buffers of its own.
        int[] tail = [];
        var thread = new Thread(() => tail = [.. Draws(logits, new Sampling(1, Seed: 11), segment: 0, from: 150)]);
        thread.Start();
        thread.Join();
        Assert.Equal(first[150..], tail);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    [InlineData(2.0)]
    public void Frequencies_are_those_of_the_softmax_at_the_temperature(double temperature)
    {
        float[] logits = RandomLogits(12, seed: 3);
        double[] expected = Softmax(logits, temperature);
        AssertFrequencies(expected, logits, new Sampling(temperature, Seed: 5));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(500)]
    public void Top_k_keeps_the_largest_few_and_their_proportions(int k)
    {
        float[] logits = RandomLogits(12, seed: 4);
        AssertFrequencies(Keep(Softmax(logits, 1), k), logits, new Sampling(1, TopK: k, Seed: 6));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(0.8)]
    [InlineData(0.999)]
    public void Top_p_keeps_the_smallest_nucleus_that_reaches_the_share(double p)
    {
        float[] logits = RandomLogits(12, seed: 7);
        double[] all = Softmax(logits, 1);
        double reached = 0;
        int size = all.OrderDescending().TakeWhile(w => (reached += w) - w < p).Count();
        AssertFrequencies(Keep(all, Math.Max(1, size)), logits, new Sampling(1, TopP: p, Seed: 8));
    }

    [Fact]
    public void Top_k_with_top_p_takes_the_nucleus_inside_the_largest_few()
    {
        float[] logits = [.. Enumerable.Repeat(0f, 10)];
        // Of ten equals the four lowest ids stay, and of these the two that reach half.
        var seen = new HashSet<int>(Draws(logits, new Sampling(1, TopK: 4, TopP: 0.5, Seed: 2), segment: 0));
        Assert.Equal([0, 1], seen.Order());
    }

    [Fact]
    public void A_large_vocabulary_gives_the_same_nucleus_as_sorting_everything()
    {
        float[] logits = RandomLogits(50_000, seed: 9);
        double[] all = Softmax(logits, 0.7);
        var allowed = new HashSet<int>();
        double reached = 0;
        foreach (int token in Enumerable.Range(0, all.Length).OrderByDescending(i => all[i]))
        {
            // A hair of slack: f32 exponentials may place the border one token off.
            if (reached > 0.9 + 1e-5)
                break;
            reached += all[token];
            allowed.Add(token);
        }
        Assert.InRange(allowed.Count, 10, 49_000);
        Assert.All(Draws(logits, new Sampling(0.7, TopP: 0.9, Seed: 4), segment: 0), token => Assert.Contains(token, allowed));
    }

    [Fact]
    public void Masked_tokens_are_never_drawn()
    {
        float[] logits = RandomLogits(100, seed: 10);
        for (int i = 0; i < logits.Length; i++)
        {
            if (i % 7 != 0)
                logits[i] = float.NegativeInfinity;
        }
        foreach (Sampling sampling in (Sampling[])[new(), new(1), new(5, TopK: 50), new(1, TopP: 0.95)])
            Assert.All(Draws(logits, sampling, segment: 0), token => Assert.Equal(0, token % 7));
    }

    [Fact]
    public void Penalties_count_occurrences_in_the_output()
    {
        int[] output = [3, 1, 3, 3, 999];
        var sampling = new Sampling(FrequencyPenalty: 0.5, PresencePenalty: 0.25);
        float[] logits = [0f, 2f, 0f, 4f, 1.2f];
        // 3 loses 3 · 0.5 + 0.25 and stays largest; ids outside the vocabulary count for nothing.
        Assert.Equal(3, Sampler.Sample(logits, sampling, 0, 5, output));
        Assert.Equal([0f, 1.25f, 0f, 2.25f, 1.2f], logits);
        // The counts of the first call are gone in the second.
        Assert.Equal(3, Sampler.Sample(logits, sampling, 0, 5, [1]));
        Assert.Equal([0f, 0.5f, 0f, 2.25f, 1.2f], logits);
    }

    [Fact]
    public void What_cannot_be_drawn_from_is_refused()
    {
        float[] nothing = [float.NegativeInfinity, float.NegativeInfinity];
        Assert.Contains("No token", Assert.Throws<ArgumentException>(() => Sampler.Sample(nothing, new Sampling(1), 0, 0, [])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => Sampler.Sample([1f, float.NaN], new Sampling(), 0, 0, []));
        Assert.Throws<ArgumentException>(() => Sampler.Sample([1f, float.PositiveInfinity], new Sampling(1), 0, 0, []));
        foreach (Sampling wrong in (Sampling[])[new(-1), new(double.NaN), new(1, TopP: 1.5), new(1, TopP: double.NaN), new(1, TopK: -1), new(1, FrequencyPenalty: double.NaN)])
            Assert.Throws<ArgumentException>(() => Sampler.Sample([1f, 2f], wrong, 0, 0, []));
    }

    private static float[] RandomLogits(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 4 - 2))];
    }

    private static int[] Draws(float[] logits, Sampling sampling, int segment, int from = 0) =>
        [.. Enumerable.Range(from, 200 - from).Select(index => Sampler.Sample([.. logits], sampling, segment, index, []))];

    private static double[] Softmax(float[] logits, double temperature)
    {
        double[] weights = [.. logits.Select(v => Math.Exp(v / temperature))];
        return [.. weights.Select(w => w / weights.Sum())];
    }

    private static double[] Keep(double[] probabilities, int count)
    {
        double least = probabilities.OrderDescending().ElementAt(Math.Min(count, probabilities.Length) - 1);
        double[] kept = [.. probabilities.Select(p => p >= least ? p : 0)];
        return [.. kept.Select(p => p / kept.Sum())];
    }

    private static void AssertFrequencies(double[] expected, float[] logits, Sampling sampling)
    {
        const int Draws = 20_000;
        var counts = new int[logits.Length];
        for (int i = 0; i < Draws; i++)
            counts[Sampler.Sample([.. logits], sampling, segment: 2, i, [])]++;
        for (int token = 0; token < counts.Length; token++)
        {
            // Five standard deviations of a binomial count; a token of probability 0 must never come.
            double deviation = 5 * Math.Sqrt(Draws * expected[token] * (1 - expected[token]));
            Assert.InRange(counts[token], Draws * expected[token] - deviation - 1e-6, Draws * expected[token] + deviation + 1e-6);
        }
    }
}
