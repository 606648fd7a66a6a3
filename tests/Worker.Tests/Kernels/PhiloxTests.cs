using Astraea.Worker.Kernels;

namespace Astraea.Worker.Tests.Kernels;

public sealed class PhiloxTests
{
    // Known answers of philox4x32-10, as published with the paper's own library.
    [Theory]
    [InlineData(0ul, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(ulong.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x299f31d0a4093822ul, 0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Words_are_the_published_ones(ulong key, uint c0, uint c1, uint c2, uint c3, uint w0, uint w1, uint w2, uint w3) =>
        Assert.Equal((w0, w1, w2, w3), Philox.Words(key, c0, c1, c2, c3));

    [Fact]
    public void Uniform_numbers_fill_the_unit_interval_evenly()
    {
        var bins = new int[64];
        for (uint i = 0; i < 64_000; i++)
        {
            double u = Philox.Uniform(7, i % 10, i / 10, 0);
            Assert.InRange(u, 0, 1 - double.Epsilon);
            bins[(int)(u * bins.Length)]++;
        }
        // 1000 expected in each; standard deviation 31.
        Assert.All(bins, count => Assert.InRange(count, 840, 1160));
    }
}
