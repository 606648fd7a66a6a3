using System.Threading.Channels;
using Astraea.Contracts;
using Astraea.Core.Lifecycle;
using Astraea.Core.Scheduling;

namespace Astraea.Grains.Tests.Local;

/// <summary>A scheduler that only listens.</summary>
internal sealed class RecordingScheduler : IClusterScheduler
{
    private readonly Channel<RequestStatus> _told = Channel.CreateUnbounded<RequestStatus>();

    public async Task<RequestStatus> NextAsync() => await _told.Reader.ReadAsync();

    public int Unread => _told.Reader.Count;

    public Task TellAsync(RequestStatus status, CancellationToken cancellation)
    {
        _told.Writer.TryWrite(status);
        return Task.CompletedTask;
    }

    public Task<Plan> PullAsync(PullRequest request, TimeSpan wait, CancellationToken cancellation) => throw new NotSupportedException();

    public Task<ClusterView> ViewAsync(CancellationToken cancellation) => throw new NotSupportedException();
}
