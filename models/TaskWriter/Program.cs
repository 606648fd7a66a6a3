using System.CommandLine;
using Astraea.Models.Tasks;
using Astraea.Models.TaskWriter;

Option<TaskSplit> split = new("--split") { Description = "What the tasks are for: Train, HeldOut or UnseenTools.", DefaultValueFactory = _ => TaskSplit.Train };
Option<ulong> seed = new("--seed") { Description = "Seed of the sequence.", DefaultValueFactory = _ => 1 };
Option<long> from = new("--from") { Description = "Index of the first task.", DefaultValueFactory = _ => 0 };
Option<long> count = new("--count") { Description = "Tasks to write.", DefaultValueFactory = _ => 1000 };
Option<string[]> kinds = new("--kind") { Description = "Kinds to write, such as weather or own.chain; all when none is given." };
Option<bool> readable = new("--readable") { Description = "Writes what is said, for reading, instead of JSON lines." };
RootCommand root = new("Writes agent tasks, rightly acted out, to the standard output: a JSON object per line.") { split, seed, from, count, kinds, readable };
root.SetAction(parsed =>
{
    TaskGenerator generator;
    try
    {
        generator = new TaskGenerator(parsed.GetValue(seed), parsed.GetValue(split), parsed.GetValue(kinds) ?? []);
    }
    catch (ArgumentException e)
    {
        Console.Error.WriteLine($"astraea-tasks: {e.Message}");
        return 1;
    }
    using var output = new BufferedStream(Console.OpenStandardOutput(), 1 << 20);
    long first = parsed.GetValue(from), end = first + parsed.GetValue(count);
    for (long index = first; index < end; index++)
    {
        AgentTask task = generator.Make(index);
        if (parsed.GetValue(readable))
            TaskLines.WriteReadable(task, output);
        else
            TaskLines.Write(task, output);
    }
    return 0;
});
return root.Parse(args).Invoke();
