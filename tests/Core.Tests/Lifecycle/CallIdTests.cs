using Astraea.Core.Lifecycle;

namespace Astraea.Core.Tests.Lifecycle;

public sealed class CallIdTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(1234)]
    public void A_printed_id_reads_back(int ordinal)
    {
        CallId id = new(new RequestId(UInt128.MaxValue), ordinal);
        Assert.True(CallId.TryParse(id.ToString(), out CallId read));
        Assert.Equal(id, read);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("call_")]
    [InlineData("call_abc")]
    [InlineData("call_0000000000000000000000")]
    [InlineData("call_0000000000000000000000-1")]
    [InlineData("call_0000000000000000000000+1")]
    [InlineData("call_000000000000000000000001")]
    [InlineData("call_0000000000000000000000 1")]
    [InlineData("call_zzzzzzzzzzzzzzzzzzzzzz1")]
    [InlineData("call_00000000000000000000009999999999")]
    [InlineData("CALL_00000000000000000000001")]
    public void What_we_would_not_print_is_no_id_of_ours(string? text) => Assert.False(CallId.TryParse(text, out _));
}
