using Astraea.Simulator.Hardware;
using Astraea.Simulator.Model;

namespace Astraea.Simulator.Tests.Hardware;

public sealed class HardwareProfileTests
{
    [Fact]
    public void The_h100_profile_is_what_the_decision_record_says()
    {
        HardwareProfile h100 = HardwareProfiles.H100With8B;
        Assert.Equal(131_072, h100.KvBytesPerToken);
        Assert.Equal(400_000, h100.DeviceBlocks * h100.BlockTokens);
        Assert.Equal(7.0e-3, h100.Step.FixedSeconds, 1e-4);
        Assert.Equal(32.5e-6, h100.Step.SecondsPerPrefillToken, 1e-7);
        Assert.Equal(19.1e-6, h100.Step.SecondsPerDecodeToken, 1e-7);
        Assert.Equal(1.33e-9, h100.Step.SecondsPerPrefillContextToken, 1e-11);
        Assert.Equal(48.9e-9, h100.Step.SecondsPerDecodeContextToken, 1e-10);
        Assert.Equal(381_470, h100.CopyTokensPerSecond, 0.5);
    }

    [Fact]
    public void Every_profile_that_comes_along_is_possible_and_survives_its_file()
    {
        foreach (HardwareProfile profile in HardwareProfiles.All)
        {
            Assert.Empty(HardwareProfileFile.Errors(profile));
            Assert.Equal(profile, HardwareProfileFile.Parse("file", HardwareProfileFile.Write(profile)));
        }
    }

    [Theory]
    [InlineData("\"slots\": 256", "\"slots\": 0", "slots is 0")]
    [InlineData("\"device_blocks\": 25000", "\"device_blocks\": 100", "must hold the longest context")]
    [InlineData("\"slots\": 256", "\"slott\": 256", "slott")]
    [InlineData("\"fixed_seconds\"", "\"fixed\"", "fixed")]
    public void A_file_with_a_mistake_is_refused_with_the_key(string from, string to, string expected)
    {
        string text = HardwareProfileFile.Write(HardwareProfiles.H100With8B);
        Assert.Contains(from, text, StringComparison.Ordinal);
        HardwareProfileException e = Assert.Throws<HardwareProfileException>(() => HardwareProfileFile.Parse("mine.json", text.Replace(from, to, StringComparison.Ordinal)));
        Assert.Contains("mine.json", e.Message, StringComparison.Ordinal);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
    }
}
