using System.Collections.Immutable;

namespace Astraea.Core.Machines;

/// <summary>An actor as pure decisions. The driver brings messages and time, commits the events, and runs what is owed.</summary>
/// <typeparam name="TState">Single-owner mutable state; changed by <see cref="Apply"/> alone.</typeparam>
/// <typeparam name="TMessage">What can be asked of the actor.</typeparam>
/// <typeparam name="TEvent">What has happened to it; the stored events are the only truth about it.</typeparam>
/// <typeparam name="TReply">What the asker hears, after the events are durable.</typeparam>
/// <typeparam name="TEffect">Work in the outside world that should be going on.</typeparam>
public interface IMachine<TState, in TMessage, TEvent, TReply, TEffect>
{
    /// <summary>The state before any event.</summary>
    TState Initial(string key);

    /// <summary>Decides what a message means now. Must not change <paramref name="state"/>.</summary>
    Decision<TEvent, TReply> Handle(TState state, TMessage message, Instant now);

    /// <summary>Folds one event into the state. Never fails on an event that <see cref="Handle"/> made.</summary>
    void Apply(TState state, TEvent happened);

    /// <summary>Lists the effects that should be running in this state. Equal effects (by value) are one effect.</summary>
    /// <remarks>Called after every commit and after a load, so a crash loses no effect and there is no outbox.</remarks>
    void Owed(TState state, ICollection<TEffect> due);
}

/// <summary>What a machine answers to one message: events to commit, and a reply to give once they are.</summary>
public readonly record struct Decision<TEvent, TReply>(ImmutableArray<TEvent> Events, TReply Reply);

/// <summary>Short ways to write decisions.</summary>
public static class Decision
{
    /// <summary>Nothing happened; only an answer.</summary>
    public static Decision<TEvent, TReply> Answer<TEvent, TReply>(TReply reply) => new([], reply);

    /// <summary>Something happened; the answer is given once it is durable.</summary>
    public static Decision<TEvent, TReply> Commit<TEvent, TReply>(TReply reply, params ReadOnlySpan<TEvent> events) => new([.. events], reply);
}
