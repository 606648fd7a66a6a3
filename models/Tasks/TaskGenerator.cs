using System.Collections.Immutable;
using Astraea.Models.Tasks.Demo;
using Astraea.Models.Tasks.Tools;

namespace Astraea.Models.Tasks;

/// <summary>Makes agent tasks. The same seed, split and index give the same task, on every machine and in any order.</summary>
public sealed class TaskGenerator
{
    private readonly ulong _seed;
    private readonly TaskSplit _split;
    private readonly ImmutableArray<TaskKind> _kinds;

    /// <summary>A sequence of tasks.</summary>
    /// <param name="seed">Any number. Sequences of different splits share nothing, whatever their seeds.</param>
    /// <param name="split">What the tasks are for.</param>
    /// <param name="only">Kinds to make, by name or by the part before the point; empty for all of the split.</param>
    /// <exception cref="ArgumentException">There is no such kind in the split.</exception>
    public TaskGenerator(ulong seed, TaskSplit split, params IReadOnlyCollection<string> only)
    {
        _seed = StableHash.Of(split.ToString(), seed);
        _split = split;
        ImmutableArray<TaskKind> all = Kinds(split);
        foreach (string name in only)
        {
            if (!all.Any(kind => Is(kind, name)))
                throw new ArgumentException($"There is no kind of task '{name}' in the split {split}; there are {string.Join(", ", all.Select(kind => kind.Name))}.", nameof(only));
        }
        _kinds = only.Count == 0 ? all : [.. all.Where(kind => only.Any(name => Is(kind, name)))];
    }

    /// <summary>Names of the kinds of a split.</summary>
    public static ImmutableArray<string> KindNames(TaskSplit split) => [.. Kinds(split).Select(kind => kind.Name)];

    /// <summary>The tools of the demo over its own world, as the demo serves them.</summary>
    public static ToolBox DemoToolBox() => new(new DemoTools(new DemoData(0, heldOut: false)).All);

    /// <summary>From which stage of the curriculum on a kind is learnt: 1 one call at most, 2 chains and the like, 3 tools made up for the conversation.</summary>
    public static int StageOf(string kind) => TaskKinds.Demo.Concat(TaskKinds.OwnTools).First(known => known.Name == kind).Stage;

    /// <summary>The task at a place of the sequence.</summary>
    public AgentTask Make(long index)
    {
        var random = new TaskRandom(StableHash.Mix(_seed ^ StableHash.Mix((ulong)index)));
        TaskKind kind = Drawn(random);
        var data = new DemoData(random.Bits() | 1, _split != TaskSplit.Train);
        var tools = new DemoTools(data);
        var script = new TaskScript(_split, random) { Others = [.. random.Shuffled(tools.All).Take(random.Below(4))] };
        kind.Act(script, tools, data);
        return script.Finish(kind.Name, index);
    }

    private TaskKind Drawn(TaskRandom random)
    {
        int at = random.Below(_kinds.Sum(kind => kind.Weight));
        foreach (TaskKind kind in _kinds)
        {
            at -= kind.Weight;
            if (at < 0)
                return kind;
        }
        throw new System.Diagnostics.UnreachableException();
    }

    private static ImmutableArray<TaskKind> Kinds(TaskSplit split) => split switch
    {
        TaskSplit.Train => [.. TaskKinds.Demo, .. TaskKinds.OwnTools],
        TaskSplit.HeldOut => TaskKinds.Demo,
        _ => TaskKinds.OwnTools,
    };

    private static bool Is(TaskKind kind, string name) => kind.Name == name || kind.Name.StartsWith(name + ".", StringComparison.Ordinal);
}
