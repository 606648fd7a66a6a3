using Astraea.Simulator.Running;
using Spectre.Console;

namespace Astraea.Simulator.Commands;

/// <summary>A bar on the console while runs are done; nothing where output goes to a file.</summary>
internal sealed class ConsoleProgress : IRunProgress
{
    private readonly ProgressTask? _task;

    private ConsoleProgress(ProgressTask? task) => _task = task;

    /// <summary>Shows a bar while something works.</summary>
    public static T While<T>(IAnsiConsole console, Func<IRunProgress, T> work) => console.Profile.Capabilities.Interactive
        ? console.Progress().AutoClear(true).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask("runs", maxValue: 0);
                return work(new ConsoleProgress(task));
            })
        : work(new ConsoleProgress(null));

    /// <inheritdoc/>
    public void Stage(string what)
    {
        if (_task is not null)
            _task.Description = Markup.Escape(what);
    }

    /// <inheritdoc/>
    public void More(int runs)
    {
        if (_task is null)
            return;
        lock (_task)
            _task.MaxValue += runs;
    }

    /// <inheritdoc/>
    public void Done() => _task?.Increment(1);
}
