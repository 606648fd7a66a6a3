using Astraea.Contracts;

namespace Astraea.Simulation.Tests;

/// <summary>Everything between processes: messages and answers take time, come twice, or never.</summary>
internal sealed class SimNetwork(World world)
{
    /// <summary>Calls the control process, whichever runs when the message arrives.</summary>
    /// <exception cref="AgentUnavailableException">No answer came in time, or it said so itself.</exception>
    public Task<T> CallAsync<T>(string what, TimeSpan patience, Func<ControlNode, Task<T>> call)
    {
        TaskCompletionSource<T> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        Send(() => Deliver(what, call, answer));
        if (world.Faults.Duplicates())
        {
            Marks.Hit(Marks.MessageDoubled);
            Send(() => Deliver(what, call, answer));
        }
        world.After(patience, () => answer.TrySetException(new AgentUnavailableException($"{what}: no answer.")));
        return answer.Task;
    }

    private void Send(Action arrive)
    {
        if (world.Faults.Arrival() is { } wait)
            world.After(wait, arrive);
        else
            Marks.Hit(Marks.MessageLost);
    }

    private void Deliver<T>(string what, Func<ControlNode, Task<T>> call, TaskCompletionSource<T> answer)
    {
        if (world.Control is not { IsUp: true } node)
            return;
        world.Log($"{node.Process.Name} hears {what}");
        node.Process.Start(async () =>
        {
            try
            {
                T reply = await call(node);
                Send(() => answer.TrySetResult(reply));
            }
            catch (AgentUnavailableException fault)
            {
                Send(() => answer.TrySetException(fault));
            }
        });
    }
}
