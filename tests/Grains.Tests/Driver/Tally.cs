using System.Collections.Immutable;
using System.Text;
using Astraea.Core;
using Astraea.Core.Lifecycle;
using Astraea.Core.Machines;
using Astraea.Grains.Driver;
using Astraea.Grains.Local;

namespace Astraea.Grains.Tests.Driver;

/// <summary>A machine small enough to see the driver behind it: words are added, and each word that starts with "owe" is owed as an effect until paid.</summary>
public sealed class TallyMachine : IMachine<TallyState, string, string, string, string>
{
    public TallyState Initial(string key) => new();

    public Decision<string, string> Handle(TallyState state, string message, Instant now) => message switch
    {
        "?" => Decision.Answer<string, string>(state.ToString()),
        "!" => throw new InvalidOperationException("This message cannot be handled."),
        _ => Decision.Commit($"{state} {message}".Trim(), message),
    };

    public void Apply(TallyState state, string happened)
    {
        if (happened.StartsWith("pay ", StringComparison.Ordinal))
            state.Words.Remove(happened[4..]);
        else
            state.Words.Add(happened);
    }

    public void Owed(TallyState state, ICollection<string> due)
    {
        foreach (string word in state.Words.Where(w => w.StartsWith("owe", StringComparison.Ordinal)))
            due.Add(word);
    }
}

public sealed class TallyState
{
    public List<string> Words { get; } = [];

    public override string ToString() => string.Join(' ', Words);
}

public sealed class WordCodec : IEventCodec<string>
{
    public ReadOnlyMemory<byte> Encode(string happened) => Encoding.UTF8.GetBytes(happened);

    public string Decode(ReadOnlySpan<byte> data) => Encoding.UTF8.GetString(data);
}

/// <summary>A store whose next appends and reads can be held, lost or refused.</summary>
public sealed class ScriptedStore : IHistoryStore
{
    private readonly InMemoryHistoryStore _inner = new();

    public List<HistoryAppend> Appends { get; } = [];

    public Queue<Func<HistoryAppend, Func<Task<AppendOutcome>>, Task<AppendOutcome>>> NextAppends { get; } = new();

    public bool ReadsFail { get; set; }

    public static Task<AppendOutcome> FailBefore(HistoryAppend append, Func<Task<AppendOutcome>> commit) =>
        Task.FromException<AppendOutcome>(new HistoryUnavailableException("not written"));

    public static async Task<AppendOutcome> LoseAnswer(HistoryAppend append, Func<Task<AppendOutcome>> commit)
    {
        await commit();
        throw new HistoryUnavailableException("written, but nobody heard");
    }

    public Task<AppendOutcome> AppendAsync(HistoryAppend append, CancellationToken cancellation)
    {
        lock (Appends)
            Appends.Add(append);
        return NextAppends.TryDequeue(out var script)
            ? script(append, () => _inner.AppendAsync(append, cancellation))
            : _inner.AppendAsync(append, cancellation);
    }

    public Task<ImmutableArray<StoredEvent>> ReadAsync(string key, long after, int max, CancellationToken cancellation) => ReadsFail
        ? Task.FromException<ImmutableArray<StoredEvent>>(new HistoryUnavailableException("not read"))
        : _inner.ReadAsync(key, after, max, cancellation);

    public Task<ImmutableArray<LiveRow>> ReadLiveAsync(PoolId? pool, CancellationToken cancellation) => _inner.ReadLiveAsync(pool, cancellation);

    public Task<LiveChanges> ReadChangedAsync(PoolId pool, DateTimeOffset since, CancellationToken cancellation) =>
        _inner.ReadChangedAsync(pool, since, cancellation);
}

/// <summary>Effects that run until a test ends them, with each start told.</summary>
public sealed class HeldEffects : IEffectRunner<TallyState, string, string, string>
{
    private readonly System.Threading.Channels.Channel<HeldEffect> _started = System.Threading.Channels.Channel.CreateUnbounded<HeldEffect>();

    public int Count { get; private set; }

    public async Task<HeldEffect> NextAsync() => await _started.Reader.ReadAsync();

    public async Task RunAsync(TallyState state, string effect, Func<string, CancellationToken, Task<string>> post, CancellationToken cancellation)
    {
        HeldEffect held = new(effect, state.ToString(), post, cancellation);
        Count++;
        _started.Writer.TryWrite(held);
        using CancellationTokenRegistration _ = cancellation.Register(() => held.End.TrySetCanceled(cancellation));
        await held.End.Task;
    }
}

public sealed record HeldEffect(string Name, string StateAtStart, Func<string, CancellationToken, Task<string>> Post, CancellationToken Cancellation)
{
    public TaskCompletionSource End { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
