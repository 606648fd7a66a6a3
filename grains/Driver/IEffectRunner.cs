namespace Astraea.Grains.Driver;

/// <summary>Does in the outside world what a machine owes. Effects may run more than once: each must be idempotent.</summary>
public interface IEffectRunner<in TState, out TMessage, TReply, in TEffect>
{
    /// <summary>Runs one effect until it is done, or cancelled because it is owed no more. Results come back as messages.</summary>
    /// <param name="state">The committed state. Called inside the driver's turn: read it before the first await only.</param>
    /// <param name="effect">What is owed.</param>
    /// <param name="post">Sends a message to the machine that owes it.</param>
    /// <param name="cancellation">The effect is owed no more, or the driver stops.</param>
    /// <returns>A task; when it fails, the driver tries again a little later, as long as the effect is owed.</returns>
    Task RunAsync(TState state, TEffect effect, Func<TMessage, CancellationToken, Task<TReply>> post, CancellationToken cancellation);
}

/// <summary>For machines that owe nothing.</summary>
public sealed class NoEffects<TState, TMessage, TReply, TEffect> : IEffectRunner<TState, TMessage, TReply, TEffect>
{
    /// <inheritdoc/>
    public Task RunAsync(TState state, TEffect effect, Func<TMessage, CancellationToken, Task<TReply>> post, CancellationToken cancellation) =>
        Task.CompletedTask;
}

/// <summary>Sees what became true, inside the driver's turn and before any caller is answered. Must not throw or block.</summary>
public interface ICommitObserver<in TState, TEvent>
{
    /// <summary>The history was read: this is where things stand.</summary>
    void Loaded(TState state, long version);

    /// <summary>These events are durable; <paramref name="version"/> is that of the last.</summary>
    void Committed(TState state, long version, IReadOnlyList<TEvent> events);
}

/// <summary>For machines nobody watches.</summary>
public sealed class NoObserver<TState, TEvent> : ICommitObserver<TState, TEvent>
{
    /// <inheritdoc/>
    public void Loaded(TState state, long version) { }

    /// <inheritdoc/>
    public void Committed(TState state, long version, IReadOnlyList<TEvent> events) { }
}
