using System.Runtime.CompilerServices;

namespace Astraea.Core.Scheduling;

/// <summary>Ready segments with one home, or with none, as columns: a plan reads only the few figures it ranks by, one after the other.</summary>
/// <remarks>Columns are padded to a multiple of four rows, so that a scan by vectors may read past the last one. Order means nothing: ranks are total.</remarks>
internal sealed class ReadyRows
{
    private const int First = 8;

    private LiveRequest?[] _requests = [];
    private long[] _homedMicros = [];

    public int Count { get; private set; }

    /// <summary>Start of the open wait (ticks).</summary>
    public long[] Since { get; private set; } = [];

    /// <summary>Start of the open wait less earlier waits (ticks): now less this is W.</summary>
    public long[] WaitOrigin { get; private set; } = [];

    /// <summary>When the segment joins the guard lane (ticks); the largest number when never.</summary>
    public long[] GuardAt { get; private set; } = [];

    /// <summary>Until when its level surely stays (ticks); the smallest number when the policy does not say.</summary>
    public long[] LevelDue { get; private set; } = [];

    /// <summary>Arrival of the agent request (ticks).</summary>
    public long[] Arrival { get; private set; } = [];

    public int[] Level { get; private set; } = [];

    /// <summary>Context, at least one (tokens): computed where there is no KV of it.</summary>
    public double[] Context { get; private set; } = [];

    /// <summary>Of these, computed where its KV is (tokens).</summary>
    public double[] HomeComputed { get; private set; } = [];

    /// <summary>Copied up from the host tier where its KV is (tokens).</summary>
    public double[] HomeCopied { get; private set; } = [];

    /// <summary>Output still to come (tokens).</summary>
    public double[] Output { get; private set; } = [];

    /// <summary>Work after this segment (device seconds).</summary>
    public double[] Rest { get; private set; } = [];

    /// <summary>Blocks at the end of the segment (blocks).</summary>
    public double[] Blocks { get; private set; } = [];

    /// <summary>Work of all rows where their KV is, each rounded up (µs): whole numbers, so that adding and taking away leaves nothing behind.</summary>
    public long HomedMicros { get; private set; }

    public LiveRequest this[int row] => _requests[row]!;

    public void Add(LiveRequest request)
    {
        if (Count == _requests.Length)
            Grow();
        request.Row = Count;
        request.Rows = this;
        _requests[Count] = request;
        _homedMicros[Count] = 0;
        Count++;
    }

    /// <summary>Takes a row out; the last one takes its place.</summary>
    public void Remove(LiveRequest request)
    {
        int row = request.Row;
        int last = --Count;
        HomedMicros -= _homedMicros[row];
        if (row != last)
            Move(last, row);
        _requests[last] = null;
        request.Rows = null;
    }

    /// <summary>Writes what ranks a request; to be repeated whenever any of it has changed.</summary>
    public void Write(LiveRequest request, long guardAt, long levelDue, int blocks)
    {
        int row = request.Row;
        long since = request.ReadySince.Ticks;
        (int device, int host) = request.Kv is { } kv ? (kv.DeviceTokens, kv.HostTokens) : (0, 0);
        int context = request.Status.ContextTokens;
        Prediction.ServiceCost.Split(context, device, host, out int computed, out int copied);
        Since[row] = since;
        WaitOrigin[row] = since - request.Waited.Ticks;
        GuardAt[row] = guardAt;
        LevelDue[row] = levelDue;
        Arrival[row] = request.Status.SubmittedAt.Ticks;
        Level[row] = request.Level;
        Context[row] = Math.Max(1, context);
        HomeComputed[row] = computed;
        HomeCopied[row] = copied;
        Output[row] = Math.Max(0, request.OutputAhead);
        Rest[row] = request.RestSeconds;
        Blocks[row] = blocks;
        long micros = Micros(request.HomeSeconds);
        HomedMicros += micros - _homedMicros[row];
        _homedMicros[row] = micros;
    }

    /// <summary>Seconds as whole microseconds, rounded up and bounded, so that sums of many are exact.</summary>
    public static long Micros(double seconds) => (long)Math.Ceiling(Math.Clamp(seconds, 0, 1e6) * 1e6);

    private void Move(int from, int to)
    {
        LiveRequest request = _requests[from]!;
        _requests[to] = request;
        request.Row = to;
        _homedMicros[to] = _homedMicros[from];
        Since[to] = Since[from];
        WaitOrigin[to] = WaitOrigin[from];
        GuardAt[to] = GuardAt[from];
        LevelDue[to] = LevelDue[from];
        Arrival[to] = Arrival[from];
        Level[to] = Level[from];
        Context[to] = Context[from];
        HomeComputed[to] = HomeComputed[from];
        HomeCopied[to] = HomeCopied[from];
        Output[to] = Output[from];
        Rest[to] = Rest[from];
        Blocks[to] = Blocks[from];
    }

    private void Grow()
    {
        int size = Math.Max(First, 2 * _requests.Length);
        Array.Resize(ref _requests, size);
        Array.Resize(ref _homedMicros, size);
        Since = Longer(Since, size);
        WaitOrigin = Longer(WaitOrigin, size);
        GuardAt = Longer(GuardAt, size);
        LevelDue = Longer(LevelDue, size);
        Arrival = Longer(Arrival, size);
        Level = Longer(Level, size);
        Context = Longer(Context, size);
        HomeComputed = Longer(HomeComputed, size);
        HomeCopied = Longer(HomeCopied, size);
        Output = Longer(Output, size);
        Rest = Longer(Rest, size);
        Blocks = Longer(Blocks, size);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static T[] Longer<T>(T[] column, int size)
    {
        Array.Resize(ref column, size);
        return column;
    }
}
