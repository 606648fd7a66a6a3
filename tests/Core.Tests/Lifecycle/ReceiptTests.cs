using Astraea.Core.KvCache;
using Astraea.Core.Lifecycle;
using static Astraea.Core.Tests.Lifecycle.RequestUnderTest;

namespace Astraea.Core.Tests.Lifecycle;

public sealed class ReceiptTests
{
    [Fact]
    public void A_receipt_adds_up_a_history()
    {
        RequestUnderTest request = new();
        request.Submit();
        request.Now += 3;
        request.Start();
        request.Now += 10;
        request.Return(0, 1);
        request.Now += 2;
        request.Start(attempt: 2);
        request.Now += 10;
        request.End(0, 2, 0, FinishReason.ToolCalls, "look");
        request.Send(new RequestMessage.MoveKv(Place(Worker, KvDecision.Swap)));
        request.Send(new RequestMessage.MoveKv(Place(new WorkerId("w1"), KvDecision.Swap)));
        request.Now += 20;
        request.Results("k1", "b1", [1, 2, 3, 90, 91, 4], [.. request.PendingIds]);
        request.Now += 1;
        request.Start(1, 3, "w1");
        request.End(1, 3, 0, FinishReason.Stop);

        Receipt receipt = Receipt.Of(request.History);
        // Tokens are those of the two ended segments; work is that of all three attempts.
        Assert.Equal((2, 20, 8, 3, 4, 0), (receipt.Segments, receipt.PromptTokens, receipt.CachedTokens, receipt.RecomputedTokens, receipt.SampledTokens, receipt.FedTokens));
        Assert.Equal((300, 150, 75), (receipt.SwappedOutBytes, receipt.SwappedInBytes, receipt.MigratedBytes));
        Assert.Equal((5, 6, 20), (receipt.DeviceSeconds, receipt.WaitedSeconds, receipt.ToolSeconds));
        Assert.Equal((3, 1), (receipt.Preemptions, receipt.Migrations));
        Assert.Equal(new KvDecisionCounts(Preserve: 2, Swap: 1, Discard: 0), receipt.Decisions);
        Assert.Equal(request.State.Waited.TotalSeconds, receipt.WaitedSeconds);
        Assert.Equal(request.State.AttainedSeconds, receipt.DeviceSeconds);
    }

    [Fact]
    public void A_request_cancelled_in_its_tool_wait_has_waited_for_the_tool()
    {
        RequestUnderTest request = InToolWait("look");
        request.Now += 9;
        request.Send(new RequestMessage.Cancel("enough"));
        Receipt receipt = Receipt.Of(request.History);
        Assert.Equal((1, 9, 0), (receipt.Segments, receipt.ToolSeconds, receipt.WaitedSeconds));
    }

    [Fact]
    public void The_final_segment_is_followed_by_no_tool_time()
    {
        RequestUnderTest request = new();
        request.Submit();
        request.Start();
        request.End(0, 1, 0, FinishReason.Stop);
        Assert.Equal(0, Receipt.Of(request.History).ToolSeconds);
    }
}
