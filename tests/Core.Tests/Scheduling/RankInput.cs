using Astraea.Core.Scheduling;

namespace Astraea.Core.Tests.Scheduling;

internal static class RankInput
{
    private static readonly Instant Arrival = new(TimeSpan.FromDays(10_000).Ticks);

    public static RankInputs Of(
        int level = 0, double waited = 0, Instant? readySince = null, double segment = 1, double remaining = 1, double isolated = 1, int blocks = 0,
        int id = 1, double arrivedAfter = 0) => new(
        SchedulerDesk.Id(id), Arrival + TimeSpan.FromSeconds(arrivedAfter), level, TimeSpan.FromSeconds(waited), readySince, segment, remaining, isolated, blocks);
}
