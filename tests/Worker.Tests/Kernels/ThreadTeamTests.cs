using Astraea.Worker.Kernels;

namespace Astraea.Worker.Tests.Kernels;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_chunk_of_every_phase_runs_exactly_once_and_before_the_call_returns(int threads)
    {
        using var team = new ThreadTeam(threads);
        var work = new Counting(threads);
        for (int phase = 0; phase < 3000; phase++)
        {
            int chunks = phase % 40;
            Array.Clear(work.Runs);
            team.Run(work, chunks, alone: phase % 5 == 0);
            Assert.All(work.Runs[..chunks], runs => Assert.Equal(1, runs));
            Assert.All(work.Runs[chunks..], runs => Assert.Equal(0, runs));
        }
    }

    [Fact]
    public void What_a_chunk_throws_reaches_the_caller_after_the_others_have_run_and_the_team_goes_on()
    {
        using var team = new ThreadTeam(3);
        var work = new Counting(3) { Failing = 17 };
        Assert.Equal("chunk 17", Assert.Throws<InvalidOperationException>(() => team.Run(work, 40)).Message);
        Assert.All(work.Runs, runs => Assert.Equal(1, runs));
        work.Failing = -1;
        team.Run(work, 40);
        Assert.All(work.Runs, runs => Assert.Equal(2, runs));
    }

    [Fact]
    public void Parked_helpers_wake_for_work_that_the_caller_cannot_do_alone()
    {
        using var team = new ThreadTeam(2);
        // Both chunks meet at a barrier: the call returns only if a helper takes one of them.
        using var work = new Meeting();
        for (int i = 0; i < 200; i++)
        {
            if (i % 10 == 0)
                SpinWait.SpinUntil(() => team.Parked == 1);
            team.Run(work, 2);
        }
        Assert.Equal(400, work.Met);
    }

    private sealed class Counting(int threads) : IChunkedWork
    {
        public int[] Runs { get; } = new int[40];

        public int Failing { get; set; } = -1;

        public void Run(int chunk, int worker)
        {
            Assert.InRange(worker, 0, threads - 1);
            Interlocked.Increment(ref Runs[chunk]);
            if (chunk == Failing)
                throw new InvalidOperationException($"chunk {chunk}");
        }
    }

    private sealed class Meeting : IChunkedWork, IDisposable
    {
        private readonly Barrier _barrier = new(2);
        private int _met;

        public int Met => _met;

        public void Dispose() => _barrier.Dispose();

        public void Run(int chunk, int worker)
        {
            _barrier.SignalAndWait();
            Interlocked.Increment(ref _met);
        }
    }
}
