using Astraea.Gateway.Health;
using Microsoft.Extensions.Options;

namespace Astraea.Gateway.Draining;

/// <summary>
/// How this gateway leaves: it lets nobody new in, gives what is open until a deadline, then ends it in words instead of cutting it off.
/// A request whose reader is sent away goes on; the reader finds it at another gateway.
/// </summary>
/// <remarks>It happens in the host's stopping phase, in which the server still listens (probes must be able to hear that we are not ready) and workers still work.</remarks>
internal sealed partial class GatewayDrain : IHostedLifecycleService, IReadiness, IDisposable
{
    /// <summary>How long the last words may take to reach slow readers; then their connections are cut.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _deadline;
    private readonly CancellationTokenSource _cut = new();
    private readonly CancellationTokenRegistration _onStopping;
    private readonly TimeSpan _patience;
    private readonly TimeSpan _linger;
    private readonly TimeProvider _time;
    private readonly ILogger<GatewayDrain> _log;
    private int _open;
    private bool _draining;

    public GatewayDrain(IOptions<GatewayOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<GatewayDrain> log)
    {
        _patience = TimeSpan.FromSeconds(options.Value.DrainSeconds);
        _linger = TimeSpan.FromSeconds(options.Value.LingerSeconds);
        _time = time;
        _log = log;
        _deadline = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        // A signal reaches the lifetime before the hosted services.
        _onStopping = lifetime.ApplicationStopping.Register(Begin);
    }

    /// <summary>Whether nobody new is let in any more.</summary>
    public bool HasBegun => Volatile.Read(ref _draining);

    /// <summary>Fires when what is still open must come to its end in an error.</summary>
    public CancellationToken Deadline => _deadline.Token;

    /// <summary>Counts a request in until the result is disposed.</summary>
    /// <exception cref="ApiException">The gateway drains (503).</exception>
    public IDisposable Enter(HttpContext context)
    {
        lock (_lock)
        {
            if (_draining)
                throw ApiError.Draining("This node is shutting down; send the call to another one, or again in a moment.").Raise();
            _open++;
        }
        return new Stay(this, _cut.Token.Register(context.Abort));
    }

    public string Name => "gateway";

    public Task<string?> WhatIsMissingAsync(CancellationToken cancellation) => Task.FromResult(HasBegun ? "draining" : null);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        Begin();
        Task linger = Task.Delay(_linger, _time, cancellationToken);
        // The host has no more time than this: what is open ends now.
        await using CancellationTokenRegistration hurry = cancellationToken.Register(_deadline.Cancel);
        TaskCompletionSource due = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using CancellationTokenRegistration onDeadline = _deadline.Token.Register(due.SetResult);
        await Task.WhenAny(_empty.Task, due.Task);
        if (!_empty.Task.IsCompleted)
            await Task.WhenAny(_empty.Task, Task.Delay(LastWords, cancellationToken));
        await _cut.CancelAsync();
        await linger.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _onStopping.Dispose();
        _deadline.Dispose();
        _cut.Dispose();
    }

    private void Begin()
    {
        int open;
        lock (_lock)
        {
            if (_draining)
                return;
            _draining = true;
            open = _open;
            if (open == 0)
                _empty.SetResult();
        }
        Log.Begun(_log, open, _patience);
        _deadline.CancelAfter(_patience);
    }

    private void Leave()
    {
        lock (_lock)
        {
            if (--_open == 0 && _draining)
                _empty.TrySetResult();
        }
    }

    private sealed class Stay(GatewayDrain drain, CancellationTokenRegistration cut) : IDisposable
    {
        public void Dispose()
        {
            cut.Dispose();
            drain.Leave();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 1503, Level = LogLevel.Information, Message = "Draining: {Open} calls are open and have {Patience}")]
        public static partial void Begun(ILogger log, int open, TimeSpan patience);
    }
}
