using Astraea.Core.Determinism;

namespace Astraea.Core.Tests.Determinism;

public class DeterminismTests
{
    /// <summary>Values fixed for ever, from a second implementation in another language: a change would change every recorded run.</summary>
    [Fact]
    public void Streams_and_hashes_never_change()
    {
        SeededGenerator generator = new SeedTree(42).Child("arrivals").Generator();
        Assert.Equal(6091901699522426182UL, generator.NextUInt64());
        Assert.Equal(14673022149733475002UL, generator.NextUInt64());
        Assert.Equal(7913860521227473634UL, StableHash.Of("astraea"));
        Assert.Equal(1443887326685829573UL, StableHash.Of(-7L));
    }

    /// <summary>First output of xoshiro256** for the state that SplitMix64 makes from zero; its second word decides it.</summary>
    [Fact]
    public void The_generator_is_xoshiro256_star_star_seeded_by_splitmix64()
    {
        // SplitMix64 from 0 gives e220a8397b1dcdaf, then this.
        ulong second = 0x6e789e6aa1b965f4;
        Assert.Equal(System.Numerics.BitOperations.RotateLeft(second * 5, 7) * 9, new SeededGenerator(0).NextUInt64());
    }

    [Fact]
    public void Children_do_not_depend_on_the_order_they_are_asked_for()
    {
        SeedTree root = new(1);
        ulong a = root.Child("a").Seed;
        Assert.NotEqual(a, root.Child("b").Seed);
        Assert.Equal(a, root.Child("a").Seed);
        Assert.NotEqual(root.Child("a", 0).Seed, root.Child("a", 1).Seed);
        Assert.NotEqual(root.Child("a").Child("b").Seed, root.Child("b").Child("a").Seed);
    }

    [Fact]
    public void Whole_numbers_cover_their_range_evenly()
    {
        SeededGenerator generator = new(3);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++)
            counts[generator.NextInt(7)]++;
        Assert.All(counts, count => Assert.InRange(count, 9_500, 10_500));
        Assert.Throws<ArgumentOutOfRangeException>(() => generator.NextInt(0));
    }

    [Fact]
    public void Exponential_variates_have_the_mean_and_the_tail_of_their_distribution()
    {
        SeededGenerator generator = new(5);
        double sum = 0;
        int aboveTwo = 0;
        for (int i = 0; i < 100_000; i++)
        {
            double x = generator.NextExponential();
            sum += x;
            aboveTwo += x > 2 ? 1 : 0;
        }
        Assert.InRange(sum / 100_000, 0.98, 1.02);
        Assert.InRange(aboveTwo / 100_000.0, 0.130, 0.141);
    }

    [Fact]
    public void Events_of_the_same_moment_happen_in_the_order_they_were_added()
    {
        EventQueue<int> queue = new();
        for (int i = 0; i < 20; i++)
            queue.Add(new Instant(i % 2), i);
        List<int> order = [];
        while (queue.TryTake(out _, out int what))
            order.Add(what);
        Assert.Equal([.. Enumerable.Range(0, 10).Select(i => 2 * i), .. Enumerable.Range(0, 10).Select(i => 2 * i + 1)], order);
    }
}
